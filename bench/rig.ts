/** One server under test in a process of its own: nothing but that process is measured. */
export interface Rig {
  readonly origin: URL;
  /** Of the process whose CPU and memory are read. */
  readonly pid: number;
  /** Throws away what finished uploads left on disk. To be called when nothing is measured. */
  discardStored(): Promise<void>;
  stop(): Promise<void>;
}
