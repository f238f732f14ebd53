// The page's side of phone.spec.ts: JsSIP as a browser phone, an oscillator as its microphone and an
// analyser as its ear. Bundled by esbuild and run in a page of the panel.
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

/** Sound of this frequency in, and an ear for what comes back. */
async function voice(phone, hertz) {
  const context = new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const oscillator = context.createOscillator();
  oscillator.frequency.value = hertz;
  const level = context.createGain();
  level.gain.value = 0.25;
  const mouth = context.createMediaStreamDestination();
  oscillator.connect(level).connect(mouth);
  oscillator.start();
  Object.assign(phone, { context, mouth: mouth.stream, oscillator });
}

/** Says another tone from now on. */
function say(name, hertz) {
  phones[name].oscillator.frequency.value = hertz;
}

function listen(phone, session) {
  session.connection.addEventListener("track", (event) => {
    const stream = event.streams[0] ?? new MediaStream([event.track]);
    // Chromium plays a remote stream into WebAudio only while an element holds it.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    void element.play();
    const ear = phone.context.createAnalyser();
    ear.fftSize = 8192;
    phone.context.createMediaStreamSource(stream).connect(ear);
    Object.assign(phone, { ear, element });
  });
}

/** Calls and waits until the call is answered, or tells why not. */
async function call(name, number, hertz) {
  const phone = phones[name];
  await voice(phone, hertz);
  return new Promise((resolve, reject) => {
    const session = phone.ua.call(number, {
      mediaStream: phone.mouth,
      pcConfig: { iceServers: [] },
      eventHandlers: {
        confirmed: () => resolve(),
        failed: (event) => reject(new Error(`${event.cause} ${event.message?.status_code ?? ""}`)),
      },
    });
    take(phone, session);
    if (session.connection) listen(phone, session);
    else session.on("peerconnection", () => listen(phone, session));
  });
}

function take(phone, session) {
  Object.assign(phone, { session, ear: undefined, end: undefined });
  session.on("ended", ({ originator, cause }) => Object.assign(phone, { end: `${originator}: ${cause}` }));
}

/** Answers every call from now on. */
async function answer_calls(name, hertz) {
  const phone = phones[name];
  await voice(phone, hertz);
  phone.ua.on("newRTCSession", ({ originator, session }) => {
    if (originator !== "remote") return;
    take(phone, session);
    session.on("peerconnection", () => listen(phone, session));
    session.answer({ mediaStream: phone.mouth, pcConfig: { iceServers: [] } });
  });
}

/** The loudest frequency that is heard, and how far it stands out of the rest, in dB. */
function heard(name) {
  const { ear, context } = phones[name];
  if (!ear) return { hertz: 0, above: 0 };
  const bins = new Float32Array(ear.frequencyBinCount);
  ear.getFloatFrequencyData(bins);
  const width = context.sampleRate / ear.fftSize;
  let loudest = 0;
  bins.forEach((level, at) => {
    if (level > bins[loudest]) loudest = at;
  });
  const others = bins.filter((_, at) => Math.abs(at - loudest) * width > 60);
  return { hertz: loudest * width, above: bins[loudest] - Math.max(...others) };
}

function hang_up(name) {
  phones[name].session.terminate();
}

/** Who ended the last call, and why; nothing while it goes on. */
function end(name) {
  return phones[name].end;
}

/** Holds the call or takes it back, and waits until the exchange agreed. */
function hold(name, held) {
  const { session } = phones[name];
  return new Promise((resolve, reject) => {
    const begun = held ? session.hold({}, resolve) : session.unhold({}, resolve);
    if (!begun) reject(new Error("the call is not ready for that"));
  });
}

/** How the media of a call travels, as the browser's own statistics have it. */
async function travel(name) {
  const stats = [...(await phones[name].session.connection.getStats()).values()];
  const of = (type) => stats.find((one) => one.type === type);
  const codec = stats.find((one) => one.type === "codec" && one.id === of("inbound-rtp")?.codecId);
  return {
    dtls: of("transport")?.dtlsState,
    cipher: of("transport")?.srtpCipher,
    codec: codec?.mimeType,
    sent: of("outbound-rtp")?.packetsSent ?? 0,
    received: of("inbound-rtp")?.packetsReceived ?? 0,
    lost: of("inbound-rtp")?.packetsLost ?? 0,
  };
}

window.test = { sign_in, sign_out, lose, call, answer_calls, say, heard, hang_up, end, hold, travel };
