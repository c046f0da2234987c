// The part of the preferences that is about this browser: in which state it is, switching pushes and copies on and off.
// Each [data-when] shows in the states it names: unsupported, install (iPhone, not on the home screen), denied, off, on.

import { canKeep, isApp, keep, keeps, notePushes, takesPushes, tell, worker } from "./device.js";

const place = document.getElementById("pushes");
const line = place.querySelector("[data-state]");
const isApple = /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
const isAble = canKeep && "PushManager" in window && "Notification" in window;

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const same = (buffer, key) => buffer && String(new Uint8Array(buffer)) === String(key);

async function subscription() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return registration?.pushManager.getSubscription();
}

async function state() {
  if (!isAble) return isApple && !isApp ? "install" : "unsupported";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && takesPushes() && (await subscription()) ? "on" : "off";
}

async function draw() {
  const now = await state();
  for (const part of place.querySelectorAll("[data-when]")) part.hidden = !part.dataset.when.split(" ").includes(now);
  if (takesPushes() !== (now === "on")) notePushes(now === "on");
}

async function switchOn() {
  if ((await Notification.requestPermission()) !== "granted") return;
  const registration = await worker();
  const key = bytes(place.dataset.key);
  const old = await registration.pushManager.getSubscription();
  if (old && !same(old.options.applicationServerKey, key)) await old.unsubscribe();
  await tell(await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  notePushes(true);
  location.reload(); // the list of devices has one more
}

async function switchOff() {
  const current = await subscription();
  if (current) {
    const csrf = place.querySelector('[name="csrf_token"]').value;
    const body = new URLSearchParams({ csrf_token: csrf, endpoint: current.endpoint });
    await fetch("/push-devices/delete", { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    await current.unsubscribe();
  }
  notePushes(false);
  location.reload();
}

for (const [name, act] of [["on", switchOn], ["off", switchOff]]) {
  place.querySelector(`[data-switch="${name}"]`).addEventListener("click", async () => {
    line.textContent = "";
    try {
      await act();
      await draw();
    } catch {
      await draw();
      line.textContent = line.dataset.failed;
    }
  });
}

const box = document.getElementById("keeps");
box.closest(".field").hidden = !canKeep;
box.checked = keeps();
box.addEventListener("change", async () => {
  try {
    await keep(box.checked);
    line.textContent = box.checked ? line.dataset.keeps : line.dataset.keepsNot;
  } catch {
    box.checked = keeps();
    line.textContent = line.dataset.failed;
  }
});

draw();
