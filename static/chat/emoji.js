// A small set of emoji as text, in groups; arrow keys lead through them, Escape leads back.

const GROUPS = [
  "😀 😄 😅 😂 🙂 😉 😊 😍 😘 😎 🤔 🤨 😐 🙄 😏 😬 😌 😴 🤒 🥳 😕 😟 🙁 😮 😢 😭 😤 😡 🤯 😱 🥱 🤗 🤫 🤭 🫡 🙃",
  "👍 👎 👌 ✌️ 🤞 🤝 🙏 👏 🙌 💪 👋 ✋ 👉 👈 👆 👇 ☝️ ✊ 👊 🫶",
  "❤️ 🧡 💛 💚 💙 ✅ ☑️ ❌ ❗ ❓ ⚠️ ⛔ ℹ️ 💯 🔥 ✨ ⭐ 🎯 🚩 ➡️ ⬅️ ⬆️ ⬇️ 🔴 🟡 🟢",
  "⏰ 📅 📌 📎 📝 📄 📊 📈 📉 📢 💬 📞 📧 💻 🔒 🔑 🔧 🛠️ ⚙️ 🏭 🦺 🚧 🚚 🚆 ☕ 🍽️ 🎂 🎉 🎁 💐 🌞 🌧️ ❄️ 🏖️ 💡 ⚖️",
];

export function toggleEmoji(say, button) {
  const open = say.field.querySelector(".emojis");
  if (open) {
    open.remove();
    return;
  }
  const panel = document.createElement("div");
  panel.className = "offer emojis";
  panel.role = "group";
  panel.ariaLabel = button.dataset.label;
  const titles = button.dataset.groups.split("|");
  for (const [place, group] of GROUPS.entries()) {
    const title = document.createElement("h3");
    title.textContent = titles[place];
    const grid = document.createElement("div");
    for (const sign of group.split(" ")) {
      const key = document.createElement("button");
      key.type = "button";
      key.textContent = sign;
      key.tabIndex = -1;
      grid.append(key);
    }
    panel.append(title, grid);
  }
  const keys = [...panel.querySelectorAll("button")];
  const listening = new AbortController();
  const { signal } = listening;

  function close() {
    listening.abort();
    panel.remove();
    button.ariaExpanded = "false";
  }

  function move(from, by) {
    const next = keys[Math.min(Math.max(keys.indexOf(from) + by, 0), keys.length - 1)];
    from.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  // The key above or below: the nearest one of another row.
  function leap(from, isDown) {
    const { left, top } = from.getBoundingClientRect();
    const beyond = keys.filter((key) => (isDown ? key.getBoundingClientRect().top > top + 4 : key.getBoundingClientRect().top < top - 4));
    const distance = (key) => Math.abs(key.getBoundingClientRect().top - top) * 100 + Math.abs(key.getBoundingClientRect().left - left);
    const next = beyond.sort((one, other) => distance(one) - distance(other))[0];
    if (next) move(from, keys.indexOf(next) - keys.indexOf(from));
  }

  panel.addEventListener("click", ({ target }) => {
    if (!target.matches("button")) return;
    close();
    say.insert(target.textContent);
  });
  panel.addEventListener("keydown", (event) => {
    const { target, key } = event;
    const steps = { ArrowRight: () => move(target, 1), ArrowLeft: () => move(target, -1), ArrowDown: () => leap(target, true), ArrowUp: () => leap(target, false), Home: () => move(target, -keys.length), End: () => move(target, keys.length) };
    if (key === "Escape") {
      close();
      say.focus();
    } else if (key === "Tab") close();
    else if (!steps[key]) return;
    else steps[key]();
    if (key !== "Tab") event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", ({ target }) => !panel.contains(target) && !button.contains(target) && close(), { signal });
  button.ariaExpanded = "true";
  button.addEventListener("click", close, { signal, once: true });
  say.field.append(panel);
  keys[0].tabIndex = 0;
  keys[0].focus();
}
