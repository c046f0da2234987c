// The page's live connection: one for all namespaces, opened when the page has come to rest, kept up by itself.
//
//   const boards = live("/boards")
//   boards.ask(event, data)   a promise of the server's answer, {ok: true, …} or {ok: false, error, message}. It is rejected
//                             only if no answer came: no connection, or none within ten seconds. Then nobody knows whether
//                             the server did it. Asked without connection, it is sent as soon as there is one.
//   boards.on(event, fn)      fn(data) whenever the server says so
//   boards.ready(fn)          fn() at every connect and reconnect, and at once if connected: ask here for what was missed
//   boards.lost(fn)           fn() whenever the connection is gone
//   boards.state              "open", "waiting" (not yet, or trying again), "full" (server refused), "signed_out" (for good)
// on, ready and lost return a function that takes it back.
//
// Nothing that comes over it can be relied on to come: it is a hint. What must not be missed is asked for in `ready`.
// Words stand in the page, on #connection (data-offline, data-full, data-signed-out, data-sign-in).

const ANSWER_WITHIN = 10_000;
const OPEN_WITHIN = 8_000;
const FIRST_PAUSE = 1_000; // doubled with every failure, spread by half up and down
const LONGEST_PAUSE = 30_000;
const PAUSE_WHEN_FULL = 30_000; // to twice that
const HELD = 10_000; // a connection that lasted so long begins the counting of failures anew
const QUIET = 5_000; // so long nothing is said of a lost connection
const FULL_SAID_FOR = 15_000;
const PING_LATE = 35_000; // the server is heard every 25 seconds; later than this it is not there any more
const POLLING = "live.polling";

const channels = new Map();
let manager; // of socket.io, from the first attempt on
let loading;
let state = "waiting";
let isAway = false; // the page is left, or kept by the browser for the way back
let isTrying = false;
let failures = 0;
let openedAt = 0;
let heardAt = 0;
let notBefore = 0;
let timer = 0;

class Channel {
  #handlers = new Map();
  #ready = new Set();
  #lost = new Set();
  #waiting = new Set();
  socket;

  constructor(name) {
    this.name = name;
  }

  get state() {
    return this.socket?.connected ? "open" : state === "open" ? "waiting" : state;
  }

  ask(event, data = {}) {
    return new Promise((resolve, reject) => {
      const until = Date.now() + ANSWER_WITHIN;
      const send = () => {
        clearTimeout(tooLate);
        this.socket.timeout(Math.max(until - Date.now(), 1)).emit(event, data, (error, answer) => {
          if (error) reject(error);
          else resolve(answer);
          if (answer?.error === "signed_out") signedOut();
        });
      };
      const tooLate = setTimeout(() => {
        this.#waiting.delete(send);
        reject(new Error("offline"));
      }, ANSWER_WITHIN);
      if (this.socket?.connected) send();
      else {
        this.#waiting.add(send);
        hasten();
      }
    });
  }

  on(event, fn) {
    if (!this.#handlers.has(event)) this.#handlers.set(event, new Set());
    return put(this.#handlers.get(event), fn);
  }

  ready(fn) {
    if (this.socket?.connected) queueMicrotask(fn);
    return put(this.#ready, fn);
  }

  lost(fn) {
    return put(this.#lost, fn);
  }

  connect() {
    this.socket ??= this.#open();
    if (this.socket.active) manager.open(); // it enters by itself when the connection is there
    else this.socket.connect();
  }

  #open() {
    const socket = manager.socket(this.name);
    let wasOpen = false;
    socket.on("connect", () => {
      wasOpen = true;
      opened();
      call(this.#ready);
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      call(waiting);
    });
    socket.on("disconnect", () => {
      if (wasOpen) call(this.#lost);
      wasOpen = false;
      failed();
    });
    socket.on("connect_error", (error) => {
      if (!socket.active) refused(error.message); // else it is the connection itself, see below
    });
    socket.onAny((event, data) => call(this.#handlers.get(event) ?? [], data));
    return socket;
  }
}

/** The channel of a namespace; the same for all who ask. */
export function live(name) {
  if (!channels.has(name)) {
    channels.set(name, new Channel(name));
    if (manager && state !== "signed_out") connect();
  }
  return channels.get(name);
}

function put(set, fn) {
  set.add(fn);
  return () => set.delete(fn);
}

// One listener's fault is not the others'.
function call(fns, ...values) {
  for (const fn of [...fns]) {
    try {
      fn(...values);
    } catch (error) {
      reportError(error);
    }
  }
}

// ---------- Opening, failing, trying again ----------

async function connect() {
  clearTimeout(timer);
  timer = 0;
  if (isAway || state === "signed_out" || !channels.size) return;
  isTrying = true;
  try {
    loading ??= import("../vendor/socketio/socketio.js");
    const { Manager } = await loading;
    manager ??= make(Manager);
  } catch {
    loading = undefined;
    failed();
    return;
  }
  if (isAway) return;
  for (const channel of channels.values()) channel.connect();
}

function make(Manager) {
  const made = new Manager(location.origin, {
    path: "/live",
    autoConnect: false,
    reconnection: false, // how and when is decided here
    timeout: OPEN_WITHIN,
    tryAllTransports: true,
    transports: remembered() ? ["polling", "websocket"] : ["websocket", "polling"],
  });
  made.on("open", () => {
    heard();
    made.engine.on("packet", heard);
    // Where a proxy breaks WebSocket the next pages begin with polling, and step over if they can.
    remember(made, made.engine.transport.name === "polling");
    made.engine.on("upgrade", () => remember(made, false));
  });
  made.on("error", (error) => {
    if (error?.description === 503) full();
    else if (error?.message === "timeout") remember(made, true);
    failed();
  });
  made.on("close", (reason) => {
    if (reason === "ping timeout") remember(made, true);
    failed();
  });
  return made;
}

function opened() {
  isTrying = false;
  openedAt = heardAt = Date.now();
  state = "open";
  say("");
  if (![...channels.values()].every(({ socket }) => socket?.connected)) return;
  clearTimeout(timer);
  timer = 0;
}

// Called for whatever ends or prevents a connection, perhaps several times for one.
function failed() {
  isTrying = false;
  if (isAway || state === "signed_out" || timer) return;
  if (openedAt && Date.now() - openedAt > HELD) failures = 0;
  openedAt = 0;
  if (state === "open") state = "waiting";
  const pause = Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE) * (0.5 + Math.random());
  failures += 1;
  timer = setTimeout(connect, Math.max(pause, notBefore - Date.now()));
  if (state === "waiting") sayLater();
}

// What a namespace says that lets nobody in.
function refused(message) {
  if (message.includes("signed_out")) signedOut();
  else if (message.includes("too_many")) full();
  failed();
}

function full() {
  state = "full";
  notBefore = Date.now() + PAUSE_WHEN_FULL * (1 + Math.random());
  clearTimeout(timer);
  timer = 0;
  say("full");
  setTimeout(() => state === "full" && say(""), FULL_SAID_FOR);
}

function signedOut() {
  state = "signed_out";
  clearTimeout(timer);
  timer = 0;
  leave();
  say("signedOut");
}

function leave() {
  for (const { socket } of channels.values()) socket?.disconnect();
}

// ---------- Waking up ----------

// The line is back, the page is looked at again, the computer was asleep: now, not when a timer says so.
function wake() {
  if (isAway || state === "signed_out" || document.visibilityState === "hidden") return;
  if (state === "open" && manager.engine?.readyState === "open" && Date.now() - heardAt > PING_LATE) {
    failures = 0;
    manager.disconnect();
  }
  hasten();
}

// Try now if there is only a pause to wait for; a server that is full is left alone.
function hasten() {
  if (timer && !isTrying && Date.now() >= notBefore) connect();
}

function heard() {
  heardAt = Date.now();
}

document.addEventListener("visibilitychange", wake);
document.addEventListener("resume", wake);
window.addEventListener("online", wake);
window.addEventListener("pagehide", () => {
  isAway = true;
  clearTimeout(timer);
  timer = 0;
  leave();
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  isAway = false;
  failures = 0;
  if (state !== "signed_out") connect();
});

function remembered() {
  try {
    return sessionStorage.getItem(POLLING) !== null;
  } catch {
    return false; // storage is forbidden here
  }
}

function remember(made, isPolling) {
  made.opts.transports = isPolling ? ["polling", "websocket"] : ["websocket", "polling"];
  try {
    if (isPolling) sessionStorage.setItem(POLLING, "1");
    else sessionStorage.removeItem(POLLING);
  } catch {
    // Then each page finds out for itself.
  }
}

// ---------- What is said of it ----------

const line = document.getElementById("connection");
let saying = 0;

function sayLater() {
  saying ||= setTimeout(() => {
    if (state === "waiting") say("offline");
  }, QUIET);
}

function say(what) {
  clearTimeout(saying);
  saying = 0;
  if (!line) return;
  const words = what ? line.dataset[what] : "";
  if (line.textContent === words) return;
  line.replaceChildren(words ?? "");
  if (what === "signedOut") {
    const link = document.createElement("a");
    link.href = location.href; // leads to signing in, and back here
    link.textContent = line.dataset.signIn;
    line.append(" ", link);
  }
}

// ---------- What those who listen need ----------

/**
 * The page at `address` as the server would make it now, without its frame: a document with <main> and <aside>.
 * Null if it is not there for this member (any more), or is another one.
 */
export async function fetchPage(address) {
  const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
  if (answer.status >= 500) throw new Error(String(answer.status));
  if (!answer.ok || answer.redirected) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/**
 * A function that has `task` done soon, once for all calls until then: after `within` ms at most, at a moment of chance so
 * that not all pages ask at once, and not again before `apart` ms. While nobody looks at the page it waits until somebody does.
 */
export function calmly(task, { within, apart = 0 }) {
  let pending = 0;
  let isMissed = false;
  let notBefore = 0;
  const run = () => {
    pending = 0;
    if (document.visibilityState === "hidden") {
      isMissed = true;
      return;
    }
    notBefore = Date.now() + apart;
    task();
  };
  document.addEventListener("visibilitychange", () => {
    if (!isMissed || document.visibilityState === "hidden") return;
    isMissed = false;
    pending ||= setTimeout(run, Math.random() * 500);
  });
  return () => {
    pending ||= setTimeout(run, Math.max(notBefore - Date.now(), 0) + Math.random() * within);
  };
}

/** Beside `way` the badge with a count, as the server makes it: `shown` to eyes, `said` to ears. Nothing to show: no badge. */
export function showCount(way, shown, said) {
  const badge = way.querySelector(".count");
  if (!shown) {
    badge?.remove();
    return;
  }
  if (badge?.firstChild.textContent === shown) return;
  const fresh = document.createElement("span");
  fresh.className = "count";
  const [figure, words] = [document.createElement("span"), document.createElement("span")];
  figure.ariaHidden = "true";
  figure.textContent = shown;
  words.className = "visually-hidden";
  words.textContent = said;
  fresh.append(figure, words);
  if (badge) badge.replaceWith(fresh);
  else way.append(fresh);
}

// ---------- Beginning ----------

function begin() {
  const idle = window.requestIdleCallback ?? ((fn) => setTimeout(fn, 200));
  idle(() => setTimeout(connect, 0), { timeout: 2_000 });
}

if (document.readyState === "complete") begin();
else window.addEventListener("load", begin, { once: true });
