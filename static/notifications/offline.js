// The page for times without connection: what was asked for, if this device kept it, and what else it kept. Words come from the
// page; what others wrote is only ever put in as text.

const words = document.documentElement.dataset;
const here = document.getElementById("copy");
const list = document.getElementById("copies");
const path = location.pathname;

const make = (kind, text = "", properties = {}) => Object.assign(document.createElement(kind), { textContent: text, ...properties });
const day = (at) => new Intl.DateTimeFormat(words.locale, { dateStyle: "medium", timeStyle: "short" }).format(at);

async function start() {
  const copies = await caches.open("read");
  const found = [];
  for (const request of (await copies.keys()).reverse()) {
    found.push({ path: new URL(request.url).pathname, ...(await (await copies.match(request)).json()) });
  }
  const asked = found.find((copy) => copy.path === path);
  if (asked) show(asked);
  const others = found.filter((copy) => copy !== asked);
  document.getElementById("none").hidden = found.length > 0;
  document.getElementById("others").hidden = !others.length;
  for (const copy of others) {
    const item = make("li");
    item.append(make("a", copy.title, { href: copy.path }), make("span", day(copy.at), { className: "muted small" }));
    list.append(item);
  }
}

function show(copy) {
  here.hidden = false;
  document.getElementById("state").textContent = words.asOf.replace("%(day)s", day(copy.at));
  document.querySelector("h1").textContent = copy.title;
  for (const { head, text } of copy.parts) {
    const part = make("article", "", { className: "card", lang: "de" });
    if (head) part.append(make("p", head, { className: "offline-head" }));
    for (const line of text.split("\n")) part.append(make("p", line));
    here.append(part);
  }
  if (/^topic:\d+$/.test(copy.place)) offerWriting(copy.place);
}

function offerWriting(place) {
  const form = document.getElementById("note");
  const field = form.querySelector("textarea");
  const state = form.querySelector("[role=status]");
  const name = `device.draft.${place}`;
  form.hidden = false;
  const kept = { whole: false, ...JSON.parse(localStorage.getItem(name)) };
  field.value = kept.text ?? "";
  field.addEventListener("input", () => {
    if (field.value.trim()) localStorage.setItem(name, JSON.stringify({ ...kept, text: field.value }));
    else localStorage.removeItem(name);
    state.textContent = words.kept;
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}

for (const button of document.querySelectorAll("[data-again]")) button.addEventListener("click", () => location.reload());
window.addEventListener("online", () => {
  document.getElementById("back").hidden = false;
});
start().catch(() => {
  document.getElementById("none").hidden = false;
});
