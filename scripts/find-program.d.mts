/** Where a program is: in the folders of `path` (by default PATH), else where daemons and applications are. Undefined if nowhere. */
export function findProgram(name: string, path?: string): string | undefined;
