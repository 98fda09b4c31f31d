/** The address of where room is made: the largest files, with the way to the trash once it gets narrow. */
export const MAKE_ROOM = "#/files/largest";
