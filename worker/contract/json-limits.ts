/** How much JSON is read of one request, whatever it is for. */

/** Three times the largest that any route takes: 500 URLs to sign. As values they are some megabytes of an isolate. */
export const MAX_JSON_BYTES = 256 * 1024;
/** Objects and arrays in each other, and what is in one of them: both beyond all that a schema here allows. */
export const MAX_JSON_DEPTH = 16;
export const MAX_JSON_MEMBERS = 1_000;
