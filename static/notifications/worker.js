// The service worker: shows pushes, opens what they are about, and has a page for times without connection. It is served at
// /sw.js behind a line that names HOUSE: files and page to keep, icon, badge, title. It keeps nothing that others wrote; what was
// read is kept by the page, and only where its reader wants that (device.js). It touches no request but the opening of pages.

const COPIES = "read";
const SHELL = `house ${HOUSE.files[0]}`;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));

async function install() {
  const shell = await caches.open(SHELL);
  await shell.addAll([...HOUSE.files, HOUSE.page]);
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) if (name.startsWith("house ") && name !== SHELL) await caches.delete(name);
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(open(event));
  else if (HOUSE.files.includes(pathname)) event.respondWith(kept(request));
});

const ask = async (event) => (await event.preloadResponse) ?? fetch(event.request);

// Without an answer, or with one of a web server that gets none from the house behind it: the kept page.
async function open(event) {
  const answer = await ask(event).catch(() => null);
  if (answer && ![502, 504].includes(answer.status)) return answer;
  return (await caches.match(HOUSE.page, { cacheName: SHELL })) ?? answer ?? Response.error();
}

async function kept(request) {
  return (await caches.match(request, { cacheName: SHELL })) ?? fetch(request);
}

// ---------- Pushes ----------

self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(lead(event.notification.data?.url ?? "/"));
});

// Browsers take pushes back from whoever gets one and shows nothing; so something is shown in any case.
async function show(data) {
  let said = {};
  try {
    said = data.json();
  } catch {
    // then only that there is something
  }
  const silent = said.silent === true;
  await self.registration.showNotification(HOUSE.title, {
    body: said.body ?? "",
    tag: said.tag ?? "news",
    data: { url: said.url ?? "/" },
    icon: HOUSE.icon,
    badge: HOUSE.badge,
    silent,
    renotify: !silent,
  });
}

// To the window that is there already, else to a new one: in the others somebody may be writing.
async function lead(address) {
  const target = new URL(address, self.location.origin);
  if (target.origin !== self.location.origin) return;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find(({ url }) => new URL(url).pathname === target.pathname);
  await (there ? there.focus() : self.clients.openWindow(target.href));
}

// ---------- Forgetting ----------

// Asked by a page at sign-out ("everything"), or by one that nobody is signed in at ("read"); it goes on when the page has gone.
self.addEventListener("message", (event) => event.waitUntil(forget(event.data)));

async function forget(what) {
  if (what !== "everything" && what !== "read") return;
  await caches.delete(COPIES);
  for (const notification of await self.registration.getNotifications()) notification.close();
  if (what === "everything") await (await self.registration.pushManager?.getSubscription())?.unsubscribe();
}
