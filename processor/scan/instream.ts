/**
 * clamd's INSTREAM, on a connection of its own: `zINSTREAM\0`, frames of a 4-byte length and bytes, a zero-length frame
 * as terminator, then one reply and the server's end of the connection (clamd(8), "INSTREAM").
 *
 * The object goes through `write`, which waits until the kernel has taken it all: so the memory in use is one chunk,
 * however slow clamd reads. `finish` waits for the connection to be over before it judges, so an OK that is followed,
 * or was preceded, by anything else isn't one. The verdict itself is verdict.ts.
 */
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describeError, ProcessorFailure } from "../failure.ts";
import { type Scan, ScanInterrupted } from "./scanner.ts";
import { judgeScan, type ScanVerdict } from "./verdict.ts";

export interface ClamdAddress {
  readonly host: string;
  readonly port: number;
}

/** A reply is one line; more is not clamd. */
const MAX_REPLY_CHARACTERS = 1024;
const TERMINATOR = new Uint8Array(4);

/** One object on its way through the scanner. `signal` is its deadline. */
export class InstreamScan implements Scan {
  readonly #signal: AbortSignal;
  readonly #socket: Socket;
  readonly #expectedBytes: number;
  readonly #over: Promise<void>;
  #connected = false;
  #sentBytes = 0;
  #reply = "";
  #terminated = false;
  #terminatedBeforeReply = false;
  #endedCleanly = false;
  #error: unknown;

  constructor(address: ClamdAddress, expectedBytes: number, signal: AbortSignal) {
    this.#signal = signal;
    this.#expectedBytes = expectedBytes;
    this.#socket = connect({ ...address, noDelay: true, signal });
    this.#over = new Promise((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.once("connect", () => {
      this.#connected = true;
    });
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text: string) => this.#receive(text));
    this.#socket.on("end", () => {
      this.#endedCleanly = this.#error === undefined;
    });
    this.#socket.on("error", (error) => {
      this.#error ??= error;
      this.#endedCleanly = false;
    });
    this.#socket.write("zINSTREAM\0");
  }

  /**
   * Sends a chunk. After a verdict that needs no more bytes it does nothing.
   * Throws SCANNER_UNAVAILABLE as soon as the connection is lost (as ScanInterrupted where a part had been sent).
   */
  async write(chunk: Uint8Array): Promise<void> {
    // An empty frame would be the terminator: clamd would call the bytes so far clean.
    if (chunk.byteLength === 0) return;
    // Lets a reply that has come be read first: a write to a server that has gone would fail, and the reply be lost.
    await nextTurn();
    if (this.#socket.writable) {
      this.#sentBytes += chunk.byteLength;
      await this.#send(chunk);
    }
    if (!this.#socket.writable) await this.#judge();
  }

  /** Sends the terminator and gives the verdict. Throws SCANNER_UNAVAILABLE when there is no certain one. */
  async finish(): Promise<ScanVerdict> {
    if (this.#socket.writable) await this.#terminate();
    return this.#judge();
  }

  /** Gives the connection up. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    if (this.#reply === "") this.#terminatedBeforeReply = this.#terminated;
    this.#reply += text;
    if (this.#reply.length > MAX_REPLY_CHARACTERS) this.#socket.destroy(new Error("the reply is too long"));
  }

  /** Resolves when the kernel has the frame, or the connection is gone. */
  #send(chunk: Uint8Array): Promise<void> {
    const header = Buffer.allocUnsafe(4);
    header.writeUInt32BE(chunk.byteLength);
    return new Promise((resolve) => {
      this.#socket.cork();
      this.#socket.write(header);
      this.#socket.write(chunk, () => resolve());
      this.#socket.uncork();
    });
  }

  #terminate(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(TERMINATOR, (error) => {
        this.#terminated = !error;
        resolve();
      });
    });
  }

  async #judge(): Promise<ScanVerdict> {
    await this.#over;
    const verdict = judgeScan({
      reply: this.#reply,
      terminatedBeforeReply: this.#terminatedBeforeReply,
      sentBytes: this.#sentBytes,
      expectedBytes: this.#expectedBytes,
      endedCleanly: this.#endedCleanly,
    });
    if (verdict !== undefined) return verdict;
    if (this.#isInterrupted()) throw new ScanInterrupted(this.#describe(), this.#error);
    throw new ProcessorFailure("SCANNER_UNAVAILABLE", { detail: this.#describe(), cause: this.#error });
  }

  /** The other side went away in the middle of it, without a whole reply: as it does when it dies. */
  #isInterrupted(): boolean {
    return this.#connected && this.#sentBytes > 0 && !this.#reply.endsWith("\0") && !this.#signal.aborted;
  }

  #describe(): string {
    const { length } = this.#reply;
    const error = this.#error === undefined ? "no error" : describeError(this.#error);
    return `sent ${this.#sentBytes} of ${this.#expectedBytes} bytes, a reply of ${length} characters, ${error}`;
  }
}
