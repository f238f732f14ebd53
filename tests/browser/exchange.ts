// Starts the real program, or anything that leaves the same traces, and stops it again.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS_MAX = 30_000;

/** An office with ports of the system's choice; loopback only. */
const OFFICE = `format = 1

[office]
name = "Kowalski Dental"
country = "PL"
language = "pl"
timezone = "Europe/Warsaw"

[network]
sip_udp = ["127.0.0.1:0"]
sip_tcp = []
sip_tls = []
panel_http = "127.0.0.1:0"
panel_https = "127.0.0.1:0"

[[person]]
name = "Jan Kowalski"
extension = "2005"
role = "user"
sip_password = "s3cret-2005"

[[analog]]
id = "reception"
port = "fxs1"
extension = "301"

[[analog]]
port = "fxs2"
extension = "302"

[codes]
echo_test = "*43"
`;

export interface Exchange {
  /** Address of the panel. */
  url: string;
  /** The same with encryption. */
  secureUrl: string;
  /** Where SIP over UDP is taken, as `address:port`. */
  sipUdp: string;
  /** The code that makes the first administrator. */
  code: string;
  /** The code that the button at the box made. */
  newCode(): Promise<string>;
  /** What the command line says, such as `sim fxo1 call`. */
  command(...words: string[]): string;
  stop(): Promise<void>;
}

/** Starts an exchange; `more` is what else stands in the text of its office. */
export async function start(more = ""): Promise<Exchange> {
  const program = process.env["CENTRALKA_BIN"];
  if (!program) throw new Error("CENTRALKA_BIN names the program to test: cargo build -p centralka --features embed-ui");
  const data = mkdtempSync(join(tmpdir(), "centralka-browser-"));
  const config = join(data, "office.toml");
  writeFileSync(config, `${OFFICE}\n${more}`);
  const child = spawn(program, ["serve", "--data", data, "--config", config, "--board", "sim"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (part: Buffer) => (said += part.toString()));
  child.stderr.on("data", (part: Buffer) => (said += part.toString()));
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const listen = JSON.parse(await file(join(data, "listen.json"), child, () => said));
    const newCode = async (): Promise<string> => (await file(join(data, "claim-code"), child, () => said)).trim();
    const code = await newCode();
    const command = (...words: string[]): string => execFileSync(program, [...words, "--data", data], { encoding: "utf8" });
    return { command, newCode, url: `http://${listen.panel_http}`, secureUrl: `https://${listen.panel_https}`, sipUdp: listen.sip_udp[0], code, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits for a file that the program writes when it is ready. */
async function file(path: string, child: ChildProcess, said: () => string): Promise<string> {
  const end = Date.now() + START_MS_MAX;
  while (Date.now() < end && child.exitCode === null) {
    if (existsSync(path)) {
      const text = readFileSync(path, "utf8");
      if (text.trim()) return text;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the program did not write ${path}; it said:\n${said()}`);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const kill = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.once("exit", () => {
      clearTimeout(kill);
      resolve();
    });
    child.stdin?.end();
    child.kill("SIGTERM");
  });
}
