// What a script can add to pages that work without one: search as you type, suggestions,
// the words of a source brought into view, and a word when the connection is gone.
"use strict";

const PAUSE = 180; // milliseconds after the last key

const connection = document.getElementById("connection");
const ask = document.querySelector("[data-search]");

function online(is) {
  if (connection) connection.hidden = is;
}

if (ask) {
  const words = ask.elements.q;
  const hints = document.getElementById("hints");
  const examples = [...hints.childNodes].map((node) => node.cloneNode(true));
  const said = document.getElementById("said");
  let asking = null;
  let typing = 0;
  let again = 0;

  const address = () => {
    const parts = new URLSearchParams();
    for (const [name, value] of new FormData(ask)) {
      if (value && !(name === "sort" && value === "relevance")) parts.set(name, value.trim());
    }
    return parts.size ? `/?${parts}` : "/";
  };

  const show = (page) => {
    document.getElementById("results").replaceChildren(...page.getElementById("results").childNodes);
    document.title = page.title;
    for (const name of ["topic", "region"]) {
      const fresh = page.getElementById(name);
      const chosen = ask.elements[name].value;
      if (fresh.options.length > 1) ask.elements[name].replaceChildren(...fresh.options);
      ask.elements[name].value = chosen;
    }
    document.getElementById("funders").replaceChildren(...page.getElementById("funders").childNodes);
    said.textContent = document.getElementById("found").textContent;
    wait();
  };

  const search = async (wanted = address()) => {
    asking?.abort();
    const mine = (asking = new AbortController());
    clearTimeout(again);
    document.body.classList.add("asking");
    try {
      const answer = await fetch(wanted, { signal: mine.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.getElementById("results")) return location.assign(wanted);
      online(true);
      show(page);
      history.replaceState(null, "", wanted);
    } catch (error) {
      if (error.name !== "AbortError") online(false);
    } finally {
      if (asking === mine) document.body.classList.remove("asking");
    }
  };

  // A page that asks for a pause is asked again when it is over.
  const wait = () => {
    const pause = document.querySelector("#results [data-wait]");
    if (pause) again = setTimeout(search, Number(pause.dataset.wait) * 1000, pause.dataset.again);
  };

  const suggest = async () => {
    const typed = words.value.trim();
    let found = [];
    if (typed.length > 1) {
      try {
        const answer = await fetch(`/suggest?${new URLSearchParams({ q: typed })}`);
        found = (await answer.json()).suggestions;
      } catch {
        found = [];
      }
    }
    if (words.value.trim() !== typed) return;
    const links = found.flatMap((text) => {
      const link = document.createElement("a");
      link.href = `/?${new URLSearchParams({ q: text })}`;
      link.textContent = text;
      return [" ", link];
    });
    const title = document.createElement("span");
    title.textContent = hints.dataset.title;
    hints.replaceChildren(...(links.length ? [title, ...links] : examples.map((node) => node.cloneNode(true))));
  };

  const soon = () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      search();
      suggest();
    }, PAUSE);
  };

  words.addEventListener("input", soon);
  for (const field of ask.elements) {
    if (field !== words && field.name) field.addEventListener("change", soon);
  }
  ask.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    search();
  });
  addEventListener("online", () => search());
  document.body.classList.add("lively");
  wait();
}

// On a wide page the filters stand beside the results; on a narrow one they wait to be opened.
const filters = document.querySelector("details.filters");
if (filters && matchMedia("(min-width: 56rem)").matches) filters.open = true;

for (const reading of document.querySelectorAll(".reading")) {
  const first = document.getElementById(`read-${reading.dataset.field}`);
  const text = first?.closest(".text");
  const bring = () => {
    if (!text || text.scrollHeight <= text.clientHeight) return;
    text.scrollTo({ top: first.offsetTop - text.clientHeight / 3 });
  };
  reading.addEventListener("pointerenter", bring);
  reading.addEventListener("focusin", bring);
}

addEventListener("offline", () => online(false));
addEventListener("online", () => online(true));
