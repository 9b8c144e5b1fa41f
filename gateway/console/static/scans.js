// The scans page: its live part is asked for every two seconds; files may be dropped, and the way up is shown.
// Without this file the page shows what there was when it was loaded, and the form sends by itself.
"use strict";

const EVERY_MS = 2000;
const live = document.querySelector("[data-live]");

async function look() {
  if (document.hidden) return true;
  let answer;
  try {
    answer = await fetch(live.dataset.live, { credentials: "same-origin", redirect: "manual" });
  } catch {
    return true; // the gateway is being restarted: the next look may find it
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) return false; // logged out meanwhile
  if (!answer.ok) return true;
  const text = await answer.text();
  if (text !== look.before) live.innerHTML = text;
  look.before = text;
  return true;
}

async function follow() {
  if (await look()) setTimeout(follow, EVERY_MS);
}

if (live) {
  document.querySelector("[data-without-script]")?.remove();
  setTimeout(follow, EVERY_MS);
}

const form = document.querySelector("[data-drop]");

function chosen() {
  const files = [...form.elements.files.files];
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const output = form.querySelector("output");
  output.textContent = files.length ? `${files.length} · ${(bytes / 1e6).toFixed(1)} MB` : "";
}

function send(event) {
  event.preventDefault();
  const bar = form.querySelector("progress");
  const button = form.querySelector("button");
  const way = new XMLHttpRequest(); // fetch tells nothing about the way up
  way.open("POST", form.action);
  way.upload.addEventListener("progress", (told) => {
    if (told.lengthComputable) bar.value = told.loaded / told.total;
  });
  way.addEventListener("load", () => {
    if (way.status >= 400) {
      document.open();
      document.write(way.responseText); // the problem, as the form itself would show it
      document.close();
    } else location.assign(way.responseURL);
  });
  way.addEventListener("error", () => {
    bar.hidden = true;
    button.disabled = false;
    form.querySelector("output").textContent = form.dataset.failed;
  });
  bar.hidden = false;
  button.disabled = true;
  way.send(new FormData(form));
}

if (form) {
  form.addEventListener("submit", send);
  form.elements.files.addEventListener("change", chosen);
  for (const kind of ["dragenter", "dragover"])
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.elements.files.files = event.dataTransfer.files;
    chosen();
  });
}
