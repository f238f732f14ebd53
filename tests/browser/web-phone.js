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
    phone.session = session;
    if (session.connection) listen(phone, session);
    else session.on("peerconnection", () => listen(phone, session));
  });
}

/** Answers the next call. */
async function answer_next(name, hertz) {
  const phone = phones[name];
  await voice(phone, hertz);
  phone.ua.on("newRTCSession", ({ originator, session }) => {
    if (originator !== "remote") return;
    phone.session = session;
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

/** How the media of a call travels, as the browser's own statistics have it. */
async function travel(name) {
  const stats = [...(await phones[name].session.connection.getStats()).values()];
  const transport = stats.find((one) => one.type === "transport");
  const out = stats.find((one) => one.type === "outbound-rtp");
  const into = stats.find((one) => one.type === "inbound-rtp");
  return { dtls: transport?.dtlsState, cipher: transport?.srtpCipher, sent: out?.packetsSent ?? 0, received: into?.packetsReceived ?? 0 };
}

window.test = { sign_in, sign_out, lose, call, answer_next, heard, hang_up, travel };
