// Who is here, who is writing, who has read: shown as far as the reader shows the same, and nothing of it is kept.

import { live } from "../realtime/live.js";

const SAID_FOR = 6_000;
const chat = live("/chat");
const me = document.documentElement.dataset.me;

export function watchSigns({ root, id, messages, words }) {
  const line = root.querySelector(".signs");
  const isDirect = root.dataset.kind === "direct";
  const writers = new Map(); // member → name, until when
  let present = null; // ids, or null: not shown
  let receipts = null; // member → last message read, or null
  let timer = 0;

  const mine = (fn) => (data) => data.room === id && fn(data);
  const offs = [
    chat.on("typing", mine(({ member, name }) => {
      if (String(member) === me) return;
      writers.set(member, { name, until: Date.now() + SAID_FOR });
      drawWriters();
    })),
    chat.on("presence", mine(({ member, is_here: isHere }) => {
      if (!present) return;
      if (isHere) present.add(member);
      else present.delete(member);
      drawPresent();
    })),
    chat.on("receipt", mine(({ member, until }) => {
      if (!receipts) return;
      receipts.set(member, Math.max(receipts.get(member) ?? 0, until));
      drawReceipt();
    })),
    chat.lost(() => {
      writers.clear();
      drawWriters();
    }),
  ];

  /** What the server said when the room was opened. */
  function start({ present: ids, receipts: read }) {
    present = ids && new Set(ids);
    receipts = read && new Map(Object.entries(read).map(([member, until]) => [Number(member), until]));
    draw();
  }

  /** A message is shown: its author writes no longer. */
  function shown({ author }) {
    if (writers.delete(author.id)) drawWriters();
    draw();
  }

  function draw() {
    drawPresent();
    drawReceipt();
  }

  function drawWriters() {
    clearTimeout(timer);
    for (const [member, { until }] of writers) if (until <= Date.now()) writers.delete(member);
    const known = [...writers.values()].map(({ name }) => name);
    const text = line.dataset[["", "one", "two"][known.length] ?? "many"] ?? "";
    line.textContent = text.replace("%(name)s", () => known[0]).replace("%(other)s", () => known[1]);
    if (known.length) timer = setTimeout(drawWriters, 500);
  }

  function drawPresent() {
    const place = root.querySelector(".talk-head .here");
    const others = present ? [...present].filter((member) => String(member) !== me) : [];
    if (place) {
      place.hidden = !others.length;
      place.textContent = others.length ? (isDirect ? words.isHere : words.here.replace("%(num)s", others.length)) : "";
    }
    for (const message of messages.all)
      message.querySelector(".face")?.classList.toggle("is-here", others.includes(Number(message.dataset.author)));
  }

  // Under one's own last message that somebody has read, as long as nobody has answered below.
  function drawReceipt() {
    const own = messages.all.findLast((message) => message.dataset.author === me);
    const count = own && receipts ? [...receipts.values()].filter((until) => until >= Number(own.dataset.id)).length : 0;
    let place = messages.list.querySelector(":scope > .receipt");
    if (!count || own !== messages.last) {
      if (place) messages.hold(() => place.remove());
      return;
    }
    if (!place) {
      place = document.createElement("p");
      place.className = "receipt";
    }
    place.textContent = isDirect ? words.read : words.readBy.replace("%(num)s", count);
    if (place.previousElementSibling !== own) messages.hold(() => own.after(place));
  }

  function stop() {
    clearTimeout(timer);
    for (const off of offs) off();
  }

  return { start, shown, draw, stop };
}
