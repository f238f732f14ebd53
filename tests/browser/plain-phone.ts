// A plain telephone made by hand: SIP over UDP, G.711 A-law in clear, and no notion of browsers.
import { createHash, randomBytes } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

const RATE_HZ = 8000;
const PACKET_MS = 20;
const PACKET_SAMPLES = (RATE_HZ * PACKET_MS) / 1000;
/** How much of the last sound is looked at, in samples. */
const EAR_SAMPLES = 4000;
const PCMA = 8;
const AGAIN_MS = 500;

const hex = (): string => randomBytes(8).toString("hex");
const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

/** A value of a header; the first, if there are several. */
const header = (message: string, name: string): string => headers(message, name)[0] ?? "";
const headers = (message: string, name: string): string[] =>
  [...message.matchAll(new RegExp(`^${name}: *(.*?)\\r?$`, "gim"))].map((found) => found[1] ?? "");

/** ITU-T G.711 table 1, for a sample of 16 bits. */
function toLaw(sample: number): number {
  const sign = sample >= 0 ? 0xd5 : 0x55;
  const size = Math.min(sample >= 0 ? sample : -sample - 1, 32767) >> 4;
  if (size < 32) return (size >> 1) ^ sign;
  const segment = 27 - Math.clz32(size);
  return ((segment << 4) | ((size >> segment) & 15)) ^ sign;
}

function fromLaw(octet: number): number {
  const bits = octet ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 15) << 4) + 8;
  const size = segment === 0 ? step : (step + 256) << (segment - 1);
  return bits & 0x80 ? size : -size;
}

export interface Ear {
  /** The loudest frequency. */
  hertz: number;
  /** How far it stands out of the rest, in dB. */
  above: number;
}

export class PlainPhone {
  /** Frequency that is said in a call, in Hz. */
  private readonly hertz: number;
  private readonly exchange: AddressInfo;
  private readonly number: string;
  private readonly sip: Socket = createSocket("udp4");
  private readonly rtp: Socket = createSocket("udp4");
  private readonly heardSamples: number[] = [];
  private readonly payloadTypes = new Set<number>();
  private readonly tag = hex();
  private readonly callId = hex();
  private sequence = 0;
  private invite = "";
  private answer = "";
  private media: { address: string; port: number } | undefined;
  private ticking: NodeJS.Timeout | undefined;
  private responses: ((message: string) => void)[] = [];

  private constructor(exchange: AddressInfo, number: string, hertz: number) {
    [this.exchange, this.number, this.hertz] = [exchange, number, hertz];
  }

  /** A phone that is registered. `exchange` is the `address:port` of SIP over UDP. */
  static async register(exchange: string, number: string, password: string, hertz: number): Promise<PlainPhone> {
    const { hostname, port } = new URL(`udp://${exchange}`);
    const phone = new PlainPhone({ address: hostname, port: Number(port), family: "IPv4" }, number, hertz);
    for (const socket of [phone.sip, phone.rtp]) {
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
    }
    phone.sip.on("message", (bytes, from) => phone.hearSip(bytes.toString(), from));
    phone.rtp.on("message", (bytes) => phone.hearRtp(bytes));
    const challenge = await phone.request(phone.registration(""));
    const offered = headers(challenge, "WWW-Authenticate").find((line) => /algorithm="?MD5"?/i.test(line)) ?? "";
    const word = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(offered)?.[1] ?? "";
    const [realm, nonce, cnonce, uri] = [word("realm"), word("nonce"), hex(), `sip:${exchange}`];
    const secret = md5(`${number}:${realm}:${password}`);
    const response = md5(`${secret}:${nonce}:00000001:${cnonce}:auth:${md5(`REGISTER:${uri}`)}`);
    const opaque = word("opaque") ? `, opaque="${word("opaque")}"` : "";
    const answer = await phone.request(
      phone.registration(
        `Authorization: Digest username="${number}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
          `response="${response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="${cnonce}"${opaque}\r\n`,
      ),
    );
    if (!answer.startsWith("SIP/2.0 200")) throw new Error(`not registered: ${answer}`);
    return phone;
  }

  /** What is heard. */
  heard(): Ear {
    if (this.heardSamples.length < EAR_SAMPLES) return { hertz: 0, above: 0 };
    const window = this.heardSamples.map((sample, at) => sample * Math.sin((Math.PI * at) / EAR_SAMPLES) ** 2);
    const levels: { hertz: number; db: number }[] = [];
    for (let hertz = 60; hertz < 3900; hertz += 4) {
      const turn = 2 * Math.cos((2 * Math.PI * hertz) / RATE_HZ);
      let [last, before] = [0, 0];
      for (const sample of window) [last, before] = [sample + turn * last - before, last];
      levels.push({ hertz, db: 10 * Math.log10(last * last + before * before - turn * last * before + 1) });
    }
    const loudest = levels.reduce((most, level) => (level.db > most.db ? level : most));
    const others = levels.filter(({ hertz }) => Math.abs(hertz - loudest.hertz) > 60).map(({ db }) => db);
    return { hertz: loudest.hertz, above: loudest.db - Math.max(...others) };
  }

  /** The payload types of all packets that came. */
  heardTypes(): number[] {
    return [...this.payloadTypes];
  }

  /** The offer of the last call. */
  offer(): string {
    return this.invite;
  }

  /** Whether a call goes on. */
  isTalking(): boolean {
    return this.ticking !== undefined;
  }

  /** Ends the call from this side. */
  async hangUp(): Promise<void> {
    this.fallSilent();
    const target = /<([^>]+)>/.exec(header(this.invite, "Contact"))?.[1] ?? "";
    const answer = await this.request(
      `BYE ${target} SIP/2.0\r\n${this.via()}From: ${header(this.answer, "To")}\r\nTo: ${header(this.invite, "From")}\r\n` +
        `Call-ID: ${header(this.invite, "Call-ID")}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n`,
    );
    if (!answer.startsWith("SIP/2.0 200")) throw new Error(`not hung up: ${answer}`);
  }

  close(): void {
    this.fallSilent();
    this.sip.close();
    this.rtp.close();
  }

  private port(socket: Socket): number {
    return socket.address().port;
  }

  private via(): string {
    return `Via: SIP/2.0/UDP 127.0.0.1:${this.port(this.sip)};branch=z9hG4bK${hex()};rport\r\nMax-Forwards: 70\r\n`;
  }

  private contact(): string {
    return `Contact: <sip:${this.number}@127.0.0.1:${this.port(this.sip)}>\r\n`;
  }

  private registration(authorization: string): string {
    const { address, port } = this.exchange;
    const identity = `<sip:${this.number}@${address}>`;
    this.sequence += 1;
    return (
      `REGISTER sip:${address}:${port} SIP/2.0\r\n${this.via()}From: ${identity};tag=${this.tag}\r\nTo: ${identity}\r\n` +
      `Call-ID: ${this.callId}\r\nCSeq: ${this.sequence} REGISTER\r\n${this.contact()}Expires: 300\r\n${authorization}` +
      `Content-Length: 0\r\n\r\n`
    );
  }

  /** Sends a request until a final response comes. */
  private async request(message: string): Promise<string> {
    const send = (): void => this.sip.send(message, this.exchange.port, this.exchange.address);
    const again = setInterval(send, AGAIN_MS);
    send();
    try {
      return await new Promise<string>((resolve) => {
        this.responses = [
          (response) => {
            const same = header(response, "CSeq") === header(message, "CSeq") && !response.startsWith("SIP/2.0 1");
            if (same) resolve(response);
          },
        ];
      });
    } finally {
      clearInterval(again);
    }
  }

  private hearSip(message: string, from: RemoteInfo): void {
    if (message.startsWith("SIP/2.0")) {
      for (const response of this.responses) response(message);
      return;
    }
    const method = message.split(" ", 1)[0];
    if (method === "ACK") return;
    const repeated = method === "INVITE" && header(message, "CSeq") === header(this.invite, "CSeq") &&
      header(message, "Call-ID") === header(this.invite, "Call-ID");
    if (!repeated) this.answer = method === "INVITE" ? this.takeCall(message) : this.answer;
    const response = method === "INVITE" ? this.answer : this.response(message, "");
    if (method === "BYE") this.fallSilent();
    this.sip.send(response, from.port, from.address);
  }

  private response(request: string, sdp: string): string {
    const to = header(request, "To");
    const lines = [
      "SIP/2.0 200 OK",
      ...headers(request, "Via").map((via) => `Via: ${via}`),
      `From: ${header(request, "From")}`,
      `To: ${to.includes("tag=") ? to : `${to};tag=${this.tag}`}`,
      `Call-ID: ${header(request, "Call-ID")}`,
      `CSeq: ${header(request, "CSeq")}`,
      this.contact().trim(),
      ...(sdp ? ["Content-Type: application/sdp"] : []),
      `Content-Length: ${Buffer.byteLength(sdp)}`,
    ];
    return `${lines.join("\r\n")}\r\n\r\n${sdp}`;
  }

  /** Answers at once, and talks. */
  private takeCall(invite: string): string {
    this.invite = invite;
    this.heardSamples.length = 0;
    this.payloadTypes.clear();
    const address = /^c=IN IP4 (\S+)/m.exec(invite)?.[1];
    const port = /^m=audio (\d+)/m.exec(invite)?.[1];
    if (!address || !port) throw new Error(`an offer without a place: ${invite}`);
    this.media = { address, port: Number(port) };
    this.talk();
    const id = Date.now();
    const sdp = [
      "v=0",
      `o=- ${id} ${id} IN IP4 127.0.0.1`,
      "s=-",
      "c=IN IP4 127.0.0.1",
      "t=0 0",
      `m=audio ${this.port(this.rtp)} RTP/AVP ${PCMA}`,
      `a=rtpmap:${PCMA} PCMA/8000`,
      "a=sendrecv",
    ];
    return this.response(invite, `${sdp.join("\r\n")}\r\n`);
  }

  /** Says the tone in packets that keep time, however late the timer comes. */
  private talk(): void {
    this.fallSilent();
    const began = performance.now();
    const source = randomBytes(4).readUInt32BE();
    let packets = 0;
    this.ticking = setInterval(() => {
      while (packets * PACKET_MS <= performance.now() - began && this.media) {
        const packet = new Uint8Array(12 + PACKET_SAMPLES);
        const header = new DataView(packet.buffer);
        header.setUint16(0, 0x8000 | PCMA);
        header.setUint16(2, packets);
        header.setUint32(4, packets * PACKET_SAMPLES);
        header.setUint32(8, source);
        for (let at = 0; at < PACKET_SAMPLES; at += 1) {
          const time = (packets * PACKET_SAMPLES + at) / RATE_HZ;
          packet[12 + at] = toLaw(Math.round(8000 * Math.sin(2 * Math.PI * this.hertz * time)));
        }
        this.rtp.send(packet, this.media.port, this.media.address);
        packets += 1;
      }
    }, PACKET_MS / 2);
  }

  private fallSilent(): void {
    clearInterval(this.ticking);
    this.ticking = undefined;
  }

  private hearRtp(packet: Buffer): void {
    const type = (packet[1] ?? 0) & 0x7f;
    this.payloadTypes.add(type);
    if (type !== PCMA) return;
    for (const octet of packet.subarray(12)) this.heardSamples.push(fromLaw(octet));
    this.heardSamples.splice(0, Math.max(0, this.heardSamples.length - EAR_SAMPLES));
  }
}
