// While somebody chooses when mails come: what an ordinary day would bring with it, in the server's words.

const form = document.querySelector("form.preferences");
const day = document.querySelector("[data-day]");
const CHOICES = ["rhythm", "hour", "weekday", "quiet_weekends"];
let asked = 0;

form?.addEventListener("change", async ({ target }) => {
  if (!CHOICES.includes(target.name)) return;
  const turn = ++asked;
  const chosen = new URLSearchParams([...new FormData(form)].filter(([name]) => CHOICES.includes(name)));
  const answer = await fetch(`${day.dataset.day}?${chosen}`, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!answer?.ok) return; // what stands there holds until something is saved
  const { said } = await answer.json();
  if (turn === asked) day.textContent = said;
});
