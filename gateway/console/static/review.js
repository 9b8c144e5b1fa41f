// Keys press the buttons and links of the review page; pages are changed in place. Without this file every button works.
"use strict";

const root = () => document.getElementById("review");
let last = Promise.resolve();

// One after another: a key that comes while the page is on its way acts on the page that arrives.
function queue(step) {
  last = last.then(step, step);
  return last;
}

function settle() {
  const strip = root().querySelector(".strip");
  const here = strip.querySelector("[aria-current]");
  if (here) strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
  const next = root().querySelector("[data-preload]");
  if (next) new Image().src = next.getAttribute("href");
}

async function swap(url, options) {
  root().setAttribute("aria-busy", "true");
  const open = [...root().querySelectorAll("details[open]")].map((each) => each.id).filter(Boolean);
  const scroll = root().querySelector(".strip").scrollLeft;
  let answer;
  try {
    // Asked for as a page: else the answer would be in the browser's language, not in the reader's.
    answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "text/html" }, ...options });
  } catch {
    root().removeAttribute("aria-busy");
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("review");
  if (!fresh) {
    location.assign(options ? location.href : answer.url); // logged out, or a page that tells a problem
    return;
  }
  root().replaceWith(fresh);
  document.title = page.title;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  root().querySelector(".strip").scrollLeft = scroll;
  history.replaceState(null, "", answer.url);
  settle();
}

function send(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  return swap(form.action, { method: "POST", body: fields });
}

function press(name) {
  const found = root().querySelector(`[data-key="${CSS.escape(name)}"]`);
  if (!found || found.disabled) return Promise.resolve();
  if (found.matches("input")) {
    found.focus();
    found.select();
  } else if (found.matches("summary")) {
    found.click();
    found.scrollIntoView({ block: "nearest" });
  } else if (found.matches("a[data-swap]")) {
    return swap(found.href);
  } else if (found.form?.checkValidity()) {
    return send(found.form, found);
  } else {
    found.form?.reportValidity(); // the reason of a new version is missing: its field gets the cursor
  }
  return Promise.resolve();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing) {
    if (event.key === "Escape") typing.blur();
    return;
  }
  const undo = event.ctrlKey && !event.altKey && event.key.toLowerCase() === "z";
  if (!undo && (event.ctrlKey || event.altKey || event.metaKey || event.repeat)) return;
  const name = undo ? "u" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const onControl = event.target.closest("button, a, summary");
  if (name === "Enter" && onControl) return; // Enter presses what has the focus
  if (!root().querySelector(`[data-key="${CSS.escape(name)}"]`) && !root().hasAttribute("aria-busy")) return;
  event.preventDefault();
  queue(() => press(name));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  queue(() => swap(link.href));
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-swap]")) return;
  event.preventDefault();
  queue(() => send(event.target, event.submitter));
});

settle();
