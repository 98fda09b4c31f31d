/** What runs in sandboxes is of these sources, and not of those of an earlier start. */
export { buildChildren as setup } from "../../processor/build-children.ts";
