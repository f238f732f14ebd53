// The page's side of phone.spec.ts: JsSIP as a browser phone. Bundled by esbuild and run in a page
// of the panel.
import JsSIP from "jssip";

/** A phone that is registered, or the reason why it is not. */
function register(extension, password) {
  const socket = new JsSIP.WebSocketInterface(`${location.origin.replace(/^http/, "ws")}/sip`);
  const phone = new JsSIP.UA({ sockets: [socket], uri: `sip:${extension}@${location.hostname}`, password, session_timers: false });
  return new Promise((resolve, reject) => {
    phone.on("registered", () => resolve(phone));
    phone.on("registrationFailed", (event) => reject(new Error(event.cause)));
    phone.on("disconnected", (event) => event.error && reject(new Error(event.reason)));
    phone.start();
  });
}

const phones = {};

/** Registers under this name of the page's own. */
async function sign_in(name, extension, password) {
  phones[name] = { ua: await register(extension, password) };
}

async function sign_out(name) {
  const { ua } = phones[name];
  const gone = new Promise((resolve) => ua.on("unregistered", resolve));
  ua.unregister();
  await gone;
  ua.stop();
}

/** Loses the connection without a word. */
function lose(name) {
  phones[name].ua._transport.socket._ws.close();
  phones[name].ua.stop();
}

window.test = { sign_in, sign_out, lose };
