// One member's page, as far as it has to do with messages; a thread of its own, because a page has globals of its own.
//
// Connection and outbox are the product's (static/realtime/live.js, static/chat/outbox.js, over socket.io-client). What
// static/chat/room.js does among elements of the page stands here once more without them: after every connect, and
// whenever a stamp is missing, it asks for what has changed since the last stamp without a gap; what it sees of its own
// need not be sent again.
import { setTimeout as pause } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

const { url, cookie, token, me, room, modules, skew } = workerData;
const GAP = 200; // two messages of the same moment may come in the other order

if (skew) {
  const now = Date.now;
  Date.now = () => now() + skew;
}
const { fetch } = globalThis;
Object.assign(globalThis, {
  location: new URL(url),
  document: Object.assign(new EventTarget(), {
    readyState: "complete",
    visibilityState: "visible",
    getElementById: () => null,
    documentElement: { dataset: { me: String(me) } },
  }),
  window: new EventTarget(),
  sessionStorage: storage(),
  localStorage: storage(),
  fetch: (path, { headers, ...options }) =>
    fetch(new URL(path, url), { ...options, headers: { ...headers, Cookie: cookie, Origin: new URL(url).origin } }),
  reportError: (error) => tell({ fault: String(error?.stack ?? error) }),
});
Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });

function storage() {
  const hidden = (value) => ({ value, enumerable: false });
  return Object.create(null, {
    getItem: hidden(function (name) {
      return this[name] ?? null;
    }),
    setItem: hidden(function (name, text) {
      this[name] = String(text);
    }),
    removeItem: hidden(function (name) {
      delete this[name];
    }),
  });
}

const { live } = await import(`${modules}/realtime/live.js`);
const { Outbox } = await import(`${modules}/chat/outbox.js`);
const chat = live("/chat");

const view = new Map(); // what the page shows, by id
const written = new Map(); // key -> text
const acknowledged = new Map(); // key -> id
const refused = [];
const count = { written: 0, asked: 0, unanswered: 0, posted: 0, connects: 0, catchUps: 0, gaps: 0, reloads: 0 };
let stamp = 0; // the highest one without a gap before it
let highest = 0;
const ahead = new Set();
let timer;

const { ask } = chat;
chat.ask = async (name, data) => {
  if (name !== "send") return ask.call(chat, name, data);
  count.asked += 1;
  try {
    return await ask.call(chat, name, data);
  } catch (error) {
    count.unanswered += 1;
    throw error;
  }
};

function take(message) {
  if (message.author.id === me && written.has(message.client_key)) {
    outbox.done(message.client_key);
    acknowledged.set(message.client_key, message.id);
  }
  if (message.stamp >= (view.get(message.id)?.stamp ?? 0)) view.set(message.id, message);
}

function reach(number) {
  if (number > stamp) ahead.add(number);
  highest = Math.max(highest, number);
  while (ahead.delete(stamp + 1)) stamp += 1;
}

chat.on("changed", (data) => {
  if (data.room !== room) return;
  take(data.message);
  reach(data.stamp);
  if (highest > stamp)
    timer ??= setTimeout(() => {
      timer = undefined;
      if (highest <= stamp) return;
      count.gaps += 1;
      catchUp();
    }, GAP);
});

chat.ready(async () => {
  count.connects += 1;
  await chat.ask("open", { room }).catch(() => {});
  await catchUp();
});

const outbox = new Outbox({
  room,
  action: `/chat/rooms/${room}/messages`,
  token,
  changed() {},
  stored: ({ key }, { message }) => {
    if (message.html !== undefined) count.posted += 1;
    acknowledged.set(key, message.id);
  },
  refused: ({ key, text }, message) => refused.push({ key, text, message }),
});

let isCatchingUp = false;
let isAsked = false;
async function catchUp() {
  isAsked = true;
  if (isCatchingUp) return;
  isCatchingUp = true;
  while (isAsked) {
    isAsked = false;
    count.catchUps += 1;
    const answer = await chat.ask("catch_up", { room, since: stamp }).catch(() => null);
    if (!answer?.ok) break; // the next connect asks again
    if (answer.reload) await reload();
    else settle(answer.messages, answer.stamp);
  }
  isCatchingUp = false;
}

// Too much has changed: the page is loaded anew, from the first message on.
async function reload() {
  count.reloads += 1;
  const opened = await chat.ask("open", { room }).catch(() => null);
  const messages = [];
  for (let hasLater = opened?.ok; hasLater; ) {
    const page = await chat.ask("newer", { room, after: messages.at(-1)?.id ?? 0 }).catch(() => null);
    if (!page?.ok) return;
    messages.push(...page.messages);
    hasLater = page.has_later;
  }
  if (opened?.ok) settle(messages, opened.stamp);
}

function settle(messages, reached) {
  messages.forEach(take);
  stamp = Math.max(stamp, reached);
  for (const number of ahead) if (number <= stamp) ahead.delete(number);
  for (const message of messages) reach(message.stamp);
  reach(stamp);
}

let isWriting = false;
async function write(every, prefix) {
  isWriting = true;
  for (let number = 0; isWriting; number += 1) {
    if (outbox.entries.length < 10) say(`${prefix} ${number}`);
    await pause(every * (0.5 + Math.random()));
  }
}

function say(text) {
  count.written += 1;
  const { key } = outbox.add(text);
  written.set(key, text);
  return key;
}

// A member who waits looks at the page again and again; without that, pauses between attempts grow to half a minute.
setInterval(() => chat.state === "open" || window.dispatchEvent(new Event("online")), 300);

const doing = {
  say: ({ text }) => say(text),
  write: ({ every, prefix }) => void write(every, prefix),
  rest: () => void (isWriting = false),
  settle: async () => {
    while (outbox.entries.length || chat.state !== "open") {
      if (chat.state === "open") outbox.send();
      await pause(50);
    }
  },
  report: async () => {
    await catchUp();
    const messages = [...view.values()].sort((one, other) => one.id - other.id);
    return { acknowledged: [...acknowledged], written: [...written], refused, count, stamp, messages };
  },
  look: () => ({ state: chat.state, stamp, texts: [...view.values()].map((message) => message.html), count }),
  ask: ({ name, data }) => chat.ask(name, data).catch((error) => ({ ok: false, error: `no answer: ${error.message}` })),
  hear: ({ name }) => (heard[name] ??= listen(name)),
};

const heard = {};
function listen(name) {
  const found = [];
  chat.on(name, (data) => found.push(data));
  return found;
}

parentPort.on("message", async ({ number, name, data }) => {
  tell({ number, answer: (await doing[name](data)) ?? null });
});

function tell(data) {
  parentPort.postMessage(data);
}
