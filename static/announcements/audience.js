// While an announcement is written: whom the choice would reach, in words of the server's.

const audience = document.querySelector("[data-reach]");
const line = audience?.querySelector(".reach span");
let asked = 0;
let timer = 0;

async function ask() {
  const mine = ++asked;
  const query = new URLSearchParams();
  for (const box of audience.querySelectorAll('[name="spaces"]:checked')) query.append("spaces", box.value);
  const role = audience.querySelector('[name="role"]').value;
  if (role !== "all") query.set("role", role);
  const answer = await fetch(`${audience.dataset.reach}?${query}`, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!answer?.ok || mine !== asked) return; // it stays as it was; the server looks again when it is sent
  line.textContent = (await answer.json()).text;
}

audience?.addEventListener("change", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, 150);
});
if (audience && !line.textContent.trim()) ask();

// Day and hour matter only for later.
const moment = document.querySelector(".moment");
const timings = [...document.querySelectorAll('[name="timing"]')];
function fold() {
  moment.hidden = !timings.some((one) => one.checked && one.value === "later");
}
if (moment) {
  for (const one of timings) one.addEventListener("change", fold);
  fold();
}
