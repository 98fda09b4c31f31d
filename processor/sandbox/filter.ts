/**
 * The filter of system calls that every tool gets, as the kernel takes it: a program of classic BPF over struct
 * seccomp_data (linux/filter.h, linux/seccomp.h; numbers of calls from asm/unistd_64.h and asm-generic/unistd.h). It
 * refuses what no parser needs: the network, io_uring (which has calls of its own), other processes (signals to them that a
 * file sends when it is ready, and their share of the cores, too), leaving the process group by which we kill, namespaces,
 * mounts, keys. Under bubblewrap most of that has no effect anyway.
 */
interface Abi {
  /** AUDIT_ARCH_… of linux/audit.h. */
  readonly architecture: number;
  readonly column: 0 | 1;
}

const ABIS: Partial<Record<NodeJS.Architecture, Abi>> = {
  x64: { architecture: 0xc000003e, column: 0 },
  arm64: { architecture: 0xc00000b7, column: 1 },
};

type Numbers = readonly [x64: number, arm64: number];
const SOCKET: Numbers = [41, 198];
const CLONE: Numbers = [56, 220];
const PRLIMIT64: Numbers = [302, 261];
const FCNTL: Numbers = [72, 25];
const IOCTL: Numbers = [16, 29];

const REFUSED: Readonly<Record<string, Numbers>> = {
  ...{ connect: [42, 203], setsid: [112, 157], setpgid: [109, 154] },
  ...{ kill: [62, 129], tkill: [200, 130], tgkill: [234, 131], pidfdSendSignal: [424, 424] },
  ...{
    rtSigqueueinfo: [129, 138],
    rtTgsigqueueinfo: [297, 240],
    pidfdOpen: [434, 434],
    pidfdGetfd: [438, 438],
  },
  ...{ ptrace: [101, 117], processVmReadv: [310, 270], processVmWritev: [311, 271], kcmp: [312, 272] },
  ...{ unshare: [272, 97], setns: [308, 268], chroot: [161, 51], pivotRoot: [155, 41] },
  ...{
    mount: [165, 40],
    umount2: [166, 39],
    openTree: [428, 428],
    moveMount: [429, 429],
    fsopen: [430, 430],
  },
  ...{ fsconfig: [431, 431], fsmount: [432, 432], fspick: [433, 433], mountSetattr: [442, 442] },
  ...{
    addKey: [248, 217],
    requestKey: [249, 218],
    keyctl: [250, 219],
    bpf: [321, 280],
    perfEventOpen: [298, 241],
  },
  ...{ userfaultfd: [323, 282], shmget: [29, 194] },
  ...{ setpriority: [141, 140], ioprioSet: [251, 30], schedSetattr: [314, 274] },
  ...{ schedSetaffinity: [203, 122], schedSetscheduler: [144, 119], schedSetparam: [142, 118] },
};
/** A program that finds these missing does without. */
const MISSING: Readonly<Record<string, Numbers>> = {
  ...{ clone3: [435, 435], ioUringSetup: [425, 425], ioUringEnter: [426, 426], ioUringRegister: [427, 427] },
};

const EPERM = 1;
const EACCES = 13;
const ENOSYS = 38;
const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const ERRNO = 0x00050000;

const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const argumentAt = (index: number) => 16 + 8 * index;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
/** Whom a file's signals go to, and which: F_SETOWN, F_SETSIG and F_SETOWN_EX of fcntl(2); FIOSETOWN and SIOCSPGRP. */
const OWNED_BY_FCNTL = [8, 10, 15];
const OWNED_BY_IOCTL = [0x8901, 0x8902];
/** All CLONE_NEW… that clone knows. */
const NEW_NAMESPACES = 0x7e020000;
/** Calls of the x32 ABI have this bit. */
const X32 = 0x40000000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const and = (value: number): Instruction => [0x54, 0, 0, value];
const ifEqual = (value: number, ifTrue: number, ifFalse: number): Instruction => [
  0x15,
  ifTrue,
  ifFalse,
  value,
];
const ifAtLeast = (value: number, ifTrue: number, ifFalse: number): Instruction => [
  0x35,
  ifTrue,
  ifFalse,
  value,
];
const ifAnyBit = (value: number, ifTrue: number, ifFalse: number): Instruction => [
  0x45,
  ifTrue,
  ifFalse,
  value,
];
const answer = (value: number): Instruction => [0x06, 0, 0, value];

/** The filter for this machine's processor; undefined for one whose system calls we haven't looked up. */
export function systemCallFilter(arch: NodeJS.Architecture = process.arch): Buffer | undefined {
  const abi = ABIS[arch];
  if (abi === undefined) return undefined;
  const of = (numbers: Numbers) => numbers[abi.column];
  return encode([
    load(ARCHITECTURE_AT),
    ...[ifEqual(abi.architecture, 1, 0), answer(KILL_PROCESS), load(NUMBER_AT)],
    ...[ifAtLeast(X32, 0, 1), answer(ERRNO | ENOSYS)],
    ...Object.values(REFUSED).flatMap((numbers) => onCall(of(numbers), [answer(ERRNO | EPERM)])),
    ...Object.values(MISSING).flatMap((numbers) => onCall(of(numbers), [answer(ERRNO | ENOSYS)])),
    ...onCall(of(SOCKET), LOCAL_STREAMS_ONLY),
    ...onCall(of(CLONE), [load(argumentAt(0)), ifAnyBit(NEW_NAMESPACES, 0, 1), ...refuseOrAllow(EPERM)]),
    // Of itself: others of the same user would take it too.
    ...onCall(of(PRLIMIT64), [load(argumentAt(0)), ifEqual(0, 1, 0), ...refuseOrAllow(EPERM)]),
    ...onCall(of(FCNTL), refuseCommands(OWNED_BY_FCNTL)),
    ...onCall(of(IOCTL), refuseCommands(OWNED_BY_IOCTL)),
    answer(ALLOW),
  ]);
}

/** Commands of calls whose second argument says what they do; the kernel looks at its lower half only. */
function refuseCommands(commands: readonly number[]): readonly Instruction[] {
  const found = commands.map((command, index) => ifEqual(command, commands.length - 1 - index, 0));
  // Behind the last: past the answer that lets it through.
  const last = ifEqual(commands.at(-1) ?? 0, 0, 1);
  return [load(argumentAt(1)), ...found.slice(0, -1), last, ...refuseOrAllow(EPERM)];
}

/** An office program makes a socket in its home; without `connect` it reaches nobody. A datagram would need none. */
const LOCAL_STREAMS_ONLY: readonly Instruction[] = [
  ...[load(argumentAt(0)), ifEqual(AF_UNIX, 0, 3)],
  ...[load(argumentAt(1)), and(0xf), ifEqual(SOCK_STREAM, 1, 0)],
  ...refuseOrAllow(EACCES),
];

function refuseOrAllow(errno: number): readonly Instruction[] {
  return [answer(ERRNO | errno), answer(ALLOW)];
}

/** `body` ends with an answer whichever way it goes. */
function onCall(number: number, body: readonly Instruction[]): readonly Instruction[] {
  return [ifEqual(number, 0, body.length), ...body];
}

/** struct sock_filter: { u16 code; u8 jt; u8 jf; u32 k }, in the machine's order, which is little-endian on both. */
function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  }
  return bytes;
}
