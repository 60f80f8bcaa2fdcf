// Adds to the API's documentation: forms that try a call, and opening what a link points to.
"use strict";

const keyField = document.getElementById("key");

async function csrfToken() {
  const answer = await fetch("/api/v1/session", { headers: { accept: "application/json" } });
  return answer.ok ? (await answer.json()).csrf_token : null;
}

function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const field of form.querySelectorAll("input[data-in]")) {
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (field.value !== "") query.append(field.name, field.value);
  }
  const search = query.toString();
  return search ? `${path}?${search}` : path;
}

function show(place, status, text) {
  const head = document.createElement("p");
  const strong = document.createElement("strong");
  strong.textContent = status;
  head.append(strong);
  const box = document.createElement("pre");
  box.textContent = text;
  place.replaceChildren(head, ...(text ? [box] : []));
}

function pretty(text, media) {
  if (!/json/.test(media)) return text;
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

// A live stream never ends by itself: show what comes in a few seconds, then let go.
async function someOf(answer, stop) {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  const timer = setTimeout(() => stop.abort(), 10000);
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
      if (text.length > 500000) { text += "\n(the rest is left out)"; stop.abort(); break; }
    }
  } catch { text += "\n(stopped after 10 s)"; }
  clearTimeout(timer);
  return text;
}

async function send(form) {
  const place = form.querySelector(".answer");
  const method = form.dataset.method;
  const headers = { accept: "application/json, text/event-stream, text/csv" };
  const options = { method, headers };
  const body = form.querySelector("textarea");
  if (body) { options.body = body.value; headers["content-type"] = "application/json"; }
  if (keyField.value) {
    headers.authorization = `Bearer ${keyField.value.trim()}`;
    options.credentials = "omit";
  } else if (method !== "GET") {
    const token = await csrfToken();
    if (token) headers["x-csrf-token"] = token;
  }
  show(place, "…", "");
  const stop = new AbortController();
  options.signal = stop.signal;
  try {
    const began = performance.now();
    const answer = await fetch(request(form), options);
    const media = answer.headers.get("content-type") || "";
    const text = await someOf(answer, stop);
    show(place, `${answer.status} ${answer.statusText} · ${Math.round(performance.now() - began)} ms`, pretty(text, media));
  } catch (error) {
    show(place, "The call did not get through", String(error));
  }
}

for (const form of document.querySelectorAll("form.try")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); send(form); });
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();
