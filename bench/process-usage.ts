import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** USER_HZ: what /proc/<pid>/stat counts in. It is 100 on every Linux that runs workerd. */
const TICKS_PER_SECOND = 100;

/** The fields after the command name, which may itself hold spaces and brackets; proc(5) numbers them from 3. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** CPU seconds (utime + stime) that the process has used so far. */
export function readCpuSeconds(pid: number): number {
  const fields = statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function readStatusBytes(pid: number, name: string): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8").match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** Resident bytes now. */
export function readRssBytes(pid: number): number {
  return readStatusBytes(pid, "VmRSS");
}

/** The most that was resident since the process started, or since `resetPeakRss`. */
export function readPeakRssBytes(pid: number): number {
  return readStatusBytes(pid, "VmHWM");
}

/** Makes VmHWM start again from what is resident now (proc(5), clear_refs). */
export function resetPeakRss(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function isWorkerdChild(pid: number, parentPid: number): boolean {
  try {
    const isChild = Number(statFields(pid)[1]) === parentPid;
    return isChild && readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("workerd");
  } catch {
    // It ended while we were looking.
    return false;
  }
}

/** Ids of the workerd processes that this process started. */
export function findWorkerdPids(): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isSafeInteger);
  return pids.filter((pid) => isWorkerdChild(pid, process.pid));
}
