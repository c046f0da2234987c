// A file that is still being looked into: what is new on the page comes in by itself ([data-moving] in templates/files/parts.html).

const SOON = 700;
const NEXT = 1500;
const SELDOM = 10_000;
/** So many looks are quick; what takes longer than them takes long. */
const QUICK = 60;

let looks = 0;
let timer = 0;

const moving = () => document.querySelectorAll("[data-moving]");

function lookLater() {
  clearTimeout(timer);
  if (!moving().length || document.hidden) return;
  timer = setTimeout(look, looks < 4 ? SOON : looks < QUICK ? NEXT : SELDOM);
}

async function look() {
  looks += 1;
  try {
    const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
    if (answer.ok && !answer.redirected) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of moving()) renew(old, fresh);
    }
  } catch {
    // no line; the next look may find one
  }
  lookLater();
}

function renew(old, fresh) {
  const now = old.id ? fresh.getElementById(old.id) : fresh.querySelector(".live-file");
  if (!now) {
    // The page is another one by now: there is something to decide.
    old.removeAttribute("data-moving");
    location.reload();
    return;
  }
  old.toggleAttribute("data-moving", now.hasAttribute("data-moving"));
  if (!old.id) {
    if (old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes);
    return;
  }
  const state = old.querySelector(".pages-state");
  const further = old.querySelector(".pages-further");
  const nowState = now.querySelector(".pages-state");
  const nowFurther = now.querySelector(".pages-further");
  if (state.innerHTML !== nowState.innerHTML) state.replaceChildren(...nowState.childNodes);
  for (const page of [...now.querySelectorAll(".page-read")]) put(old, page);
  further?.remove();
  if (nowFurther) old.append(nowFurther);
}

/** A page goes to its place; one that is there keeps its picture, so that nothing flickers, and gets the words that were read since. */
function put(list, page) {
  const there = [...list.querySelectorAll(".page-read")];
  const same = there.find((one) => one.id === page.id);
  if (!same) {
    const after = there.find((one) => numberOf(one) > numberOf(page));
    if (after) after.before(page);
    else (there.at(-1) ?? list.querySelector(".pages-state")).after(page);
  } else if (same.textContent !== page.textContent) {
    const picture = same.querySelector(":scope > img");
    const fresh = page.querySelector(":scope > img");
    if (picture && fresh) fresh.replaceWith(picture);
    same.replaceWith(page);
  }
}

const numberOf = (page) => Number(page.id.slice("page-".length));

document.addEventListener("visibilitychange", lookLater);
lookLater();
