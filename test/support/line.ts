import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** A line between browsers and a server, that goes down and up again, and counts. */
export interface Line {
  readonly url: string;
  /** All bytes that it took from browsers so far, the heads of requests among them. */
  readonly sentBytes: number;
  /** Resolves when it has taken so many. */
  sent(bytes: number): Promise<void>;
  /** Takes no more than so many until `flow`: as where a network gets slow. */
  stopAt(bytes: number): void;
  flow(): void;
  /**
   * Breaks all connections and refuses new ones until `up`. What it took arrives; resolves when the server has ended its side
   * too.
   */
  down(): Promise<void>;
  /** As `down`, when it takes something next: that, up to 64 KiB, is counted and lost. */
  downLosing(): Promise<void>;
  up(): void;
  /** Resolves when all connections are over: what a browser that went away has sent has arrived. */
  quiet(): Promise<void>;
  /** The answer to the next request of this method is lost, with its connection. Resolves when it was. */
  loseAnswer(method: string): Promise<void>;
  /** Resolves when the next request of this method is being answered. From then on nothing is taken, until `up`. */
  stopAtAnswer(method: string): Promise<void>;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Of the last request that went up. */
  method: string;
}

interface Awaited {
  readonly method: string;
  readonly isLost: boolean;
  readonly resolve: () => void;
}

const REQUEST = /^([A-Z]+) \S+ HTTP\/1\.1\r\n/;

function closed(socket: Socket): Promise<unknown> {
  return socket.closed ? Promise.resolve() : once(socket, "close").catch(() => {});
}

class OpenLine implements Line {
  readonly #target: URL;
  readonly #pairs = new Set<Pair>();
  readonly #server = createServer((client) => this.#connect(client));
  #isUp = true;
  #isStopped = false;
  #stopAtBytes = Number.POSITIVE_INFINITY;
  #marks: { readonly bytes: number; readonly resolve: () => void }[] = [];
  #awaited: Awaited | undefined;
  /** Takes the place of passing on what comes next. */
  #onLost: (() => void) | undefined;
  sentBytes = 0;

  constructor(target: URL) {
    this.#target = target;
  }

  async open(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  sent(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#marks.push({ bytes, resolve });
      this.#tell();
    });
  }

  stopAt(bytes: number): void {
    this.#stopAtBytes = bytes;
  }

  flow(): void {
    this.#stopAtBytes = Number.POSITIVE_INFINITY;
    this.#isStopped = false;
    for (const { client } of this.#pairs) client.resume();
  }

  async down(): Promise<void> {
    this.#isUp = false;
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.end();
    }
    await this.quiet();
  }

  async downLosing(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onLost = resolve;
    });
    await this.down();
  }

  up(): void {
    this.#isUp = true;
    this.flow();
  }

  async quiet(): Promise<void> {
    await Promise.all([...this.#pairs].map(({ upstream }) => closed(upstream)));
  }

  loseAnswer(method: string): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { method, isLost: true, resolve };
    });
  }

  stopAtAnswer(method: string): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { method, isLost: false, resolve };
    });
  }

  async close(): Promise<void> {
    for (const { client, upstream } of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
    this.#server.close();
    await once(this.#server, "close");
  }

  #connect(client: Socket): void {
    client.on("error", () => {});
    if (!this.#isUp) return void client.resetAndDestroy();
    // Nothing is taken for a server that isn't there.
    client.pause();
    const { hostname: host, port } = this.#target;
    const upstream = connect({ host, port: Number(port), allowHalfOpen: true });
    const pair = { client, upstream, method: "" };
    this.#pairs.add(pair);
    upstream.on("error", () => client.resetAndDestroy());
    upstream.on("close", () => {
      this.#pairs.delete(pair);
      client.destroy();
    });
    const resume = () => this.#isStopped || client.resume();
    upstream.on("connect", resume).on("drain", resume);
    client.on("data", (data) => this.#onRequest(data, pair));
    client.on("close", () => upstream.end());
    upstream.on("data", (data) => this.#onAnswer(data, pair));
    upstream.on("end", () => client.end());
  }

  #onRequest(data: Buffer, pair: Pair): void {
    this.sentBytes += data.byteLength;
    if (this.#onLost !== undefined) return this.#lose(pair, this.#onLost);
    pair.method = REQUEST.exec(data.toString("latin1", 0, 200))?.[1] ?? pair.method;
    const isTaken = pair.upstream.write(data);
    if (this.sentBytes >= this.#stopAtBytes) this.#stop();
    if (!isTaken || this.#isStopped) pair.client.pause();
    this.#tell();
  }

  #lose({ client }: Pair, onLost: () => void): void {
    // What came behind it would else be passed on before the line is down.
    client.pause();
    this.#onLost = undefined;
    onLost();
  }

  #onAnswer(data: Buffer, { client, upstream, method }: Pair): void {
    const awaited = this.#awaited?.method === method ? this.#awaited : undefined;
    if (awaited !== undefined) this.#awaited = undefined;
    if (awaited?.isLost === true) {
      client.resetAndDestroy();
      upstream.end();
    } else client.write(data);
    if (awaited?.isLost === false) this.#stop();
    awaited?.resolve();
  }

  #stop(): void {
    this.#isStopped = true;
    for (const { client } of this.#pairs) client.pause();
  }

  #tell(): void {
    const isDue = ({ bytes }: { readonly bytes: number }) => this.sentBytes >= bytes;
    const due = this.#marks.filter(isDue);
    this.#marks = this.#marks.filter((mark) => !isDue(mark));
    for (const { resolve } of due) resolve();
  }
}

/** A line on loopback to `target`. */
export async function openLine(target: URL): Promise<Line> {
  const line = new OpenLine(target);
  await line.open();
  return line;
}
