/** How much the figures of the client in a browser are taken from. */
export interface ClientLoad {
  /** Of which a median is taken. */
  readonly runs: number;
  /** In the folder that is dropped, and in the list that is scrolled. */
  readonly files: number;
}
