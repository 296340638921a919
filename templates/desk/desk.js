// The desk's one script: keeps the page in step with the folder, places proof marks
// beside the sheet, and listens to keys. Without it everything can still be read and
// done.
"use strict";
(() => {
  const root = document.documentElement;
  const one = (wanted, from = document) => from.querySelector(wanted);
  const all = (wanted, from = document) => [...from.querySelectorAll(wanted)];
  const status = one("#status");
  const here = () => location.protocol === "file:";
  let version = root.dataset.version;

  const say = (words) => { if (status && status.textContent !== words) status.textContent = words; };

  // ---- frames ----

  // As high as what it holds, so that the page scrolls and not the frame.
  const fit = (frame) => {
    const inner = frame.contentDocument;
    if (!inner || !inner.body) return;
    const height = Math.max(inner.body.scrollHeight, inner.documentElement.offsetHeight);
    if (height > 40) frame.style.height = `${height}px`;
  };

  const settle = (frame) => {
    const inner = frame.contentDocument;
    if (!inner) return;
    fit(frame);
    // A click in the sheet goes nowhere: the desk is left by nobody's link.
    inner.addEventListener("click", (event) => {
      const link = event.target.closest && event.target.closest("a[href]");
      if (!link) return;
      event.preventDefault();
      say(link.href);
    });
    inner.addEventListener("keydown", keys);
    for (const image of inner.images) image.addEventListener("load", () => { fit(frame); place(); });
    place();
  };

  const frames = () => all("#sheets iframe:not(.next)");

  const watchFrames = () => {
    for (const frame of frames()) {
      if (frame.dataset.seen) continue;
      frame.dataset.seen = "1";
      frame.addEventListener("load", () => settle(frame));
      if (frame.contentDocument && frame.contentDocument.readyState === "complete" &&
          frame.contentDocument.URL !== "about:blank") settle(frame);
    }
  };

  // ---- proof marks ----

  const blocks = () => {
    const held = one("#blocks");
    try { return held ? JSON.parse(held.textContent) : []; } catch { return []; }
  };

  const plain = (text) => text.replace(/\s+/g, " ").trim();

  // Where each block of the issue stands in the sheet, in order: an item by its link
  // or its title, a section by its heading.
  const places = (frame) => {
    const inner = frame.contentDocument;
    if (!inner || !inner.body) return [];
    const candidates = all("h1,h2,h3,h4,a[href],li,b,strong", inner);
    const found = [];
    let from = 0;
    for (const block of blocks()) {
      let hit = null;
      for (let at = from; at < candidates.length; at++) {
        const node = candidates[at];
        const same = block.kind === "section"
          ? /^H[1-6]$/.test(node.tagName) && plain(node.textContent).includes(plain(block.title))
          : (block.url && node.tagName === "A" && node.getAttribute("href") === block.url) ||
            (node.tagName !== "LI" && block.title && plain(node.textContent) === plain(block.title));
        if (same) { hit = node; from = at; break; }
      }
      found.push(hit && (hit.closest("tr") || hit.closest("li") || hit));
    }
    return found;
  };

  const top = (node, frame) =>
    node.getBoundingClientRect().top + frame.getBoundingClientRect().top + scrollY;

  // Each mark at the height of what it is about; those that would collide move down.
  const place = () => {
    const issue = one(".issue"), marks = one("#marks"), frame = frames()[0];
    all(".edge,.tint").forEach((old) => old.remove());
    if (!issue || !marks) return;
    const wide = matchMedia("(min-width:62rem)").matches;
    const fits = frame && frame.contentDocument && ["mail", "phone"].includes(issue.dataset.view);
    issue.classList.toggle("placed", Boolean(fits && wide));
    if (!fits) return;
    const spots = places(frame);
    const sheet = frame.parentElement;
    const base = marks.getBoundingClientRect().top + scrollY;
    let last = base;
    const placed = all(".mark", marks).map((mark) => {
      const block = mark.dataset.block === "" ? -1 : Number(mark.dataset.block);
      const node = spots[block] || null;
      const next = spots.slice(block + 1).find((other) => other && other !== node);
      return { mark, node, next };
    });
    const height = (each) => each.node ? top(each.node, frame) : base;
    placed.sort((a, b) => height(a) - height(b));
    for (const { mark, node, next } of placed) {
      if (wide) {
        const want = node ? top(node, frame) : base;
        const at = Math.max(want, last);
        mark.style.top = `${at - base}px`;
        last = at + mark.offsetHeight + 16;
      } else {
        mark.style.top = "";
      }
      if (!node) continue;
      const edge = document.createElement("div");
      const level = ["error", "warning", "note"].find((one) => mark.classList.contains(one));
      edge.className = `edge ${level}`;
      const start = top(node, frame) - (sheet.getBoundingClientRect().top + scrollY);
      const own = node.getBoundingClientRect().height;
      const room = next ? top(next, frame) - top(node, frame) - 12 : own;
      edge.style.top = `${start}px`;
      edge.style.height = `${Math.max(16, Math.min(room, Math.max(own, 16)))}px`;
      sheet.append(edge);
      mark.edge = edge;
    }
    marks.style.minHeight = wide ? `${last - base}px` : "";
    const now = one(".mark.now");
    if (now) tint(now);
  };

  const tint = (mark) => {
    all(".tint").forEach((old) => old.remove());
    if (!mark.edge) return;
    const shade = document.createElement("div");
    shade.className = "tint";
    shade.style.top = mark.edge.style.top;
    shade.style.height = mark.edge.style.height;
    mark.edge.parentElement.append(shade);
  };

  const leaveMarks = () => all(".mark.now,.tint").forEach((old) =>
    old.matches(".tint") ? old.remove() : old.classList.remove("now"));

  const focusMark = (mark, scroll = true) => {
    all(".mark.now").forEach((old) => old.classList.remove("now"));
    mark.classList.add("now");
    mark.focus({ preventScroll: true });
    tint(mark);
    if (scroll) {
      const target = mark.edge || mark;
      const box = target.getBoundingClientRect();
      scrollTo({ top: box.top + scrollY - 120 });
    }
    say(plain(mark.textContent).slice(0, 160));
  };

  const step = (by) => {
    const marks = all(".mark").filter((mark) => mark.id).sort((a, b) =>
      (parseFloat(a.style.top) || 0) - (parseFloat(b.style.top) || 0));
    if (!marks.length) return;
    const now = marks.findIndex((mark) => mark.classList.contains("now"));
    focusMark(marks[(now + by + marks.length) % marks.length]);
  };

  const toSection = (index) => {
    const frame = frames()[0];
    if (!frame || !frame.contentDocument) return false;
    const sections = blocks().map((block, at) => [block, at]).filter(([block]) => block.kind === "section");
    const found = sections[index];
    const node = found && places(frame)[found[1]];
    if (!node) return false;
    scrollTo({ top: top(node, frame) - 24 });
    all(".outline a").forEach((link, at) => at === index
      ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current"));
    return true;
  };

  // ---- staying in step ----

  // What stands at the top of the window, to be found again after a change.
  const anchor = () => {
    const frame = frames()[0];
    if (!frame || !frame.contentDocument || !frame.contentDocument.body) return null;
    const nodes = all("h1,h2,h3,h4,p,li,tr", frame.contentDocument);
    const edge = frame.getBoundingClientRect().top;
    const node = nodes.find((each) => each.getBoundingClientRect().bottom + edge > 0);
    if (!node) return null;
    const text = plain(node.textContent).slice(0, 80);
    return { tag: node.tagName, text, offset: node.getBoundingClientRect().top + edge };
  };

  const regain = (mark, frame) => {
    if (!mark || scrollY < 40) return;
    const same = all(mark.tag, frame.contentDocument)
      .find((each) => plain(each.textContent).slice(0, 80) === mark.text);
    if (!same) return;
    const offset = same.getBoundingClientRect().top + frame.getBoundingClientRect().top;
    if (Math.abs(offset - mark.offset) > 1) scrollBy(0, offset - mark.offset);
  };

  // The next state of a sheet is loaded behind the present one and put in its place.
  const renew = (frame, src) => new Promise((done) => {
    const next = frame.cloneNode(false);
    next.removeAttribute("data-seen");
    next.classList.add("next");
    next.dataset.src = next.src = src;
    next.addEventListener("load", () => {
      const held = anchor();
      fit(next);
      frame.replaceWith(next);
      next.classList.remove("next");
      next.dataset.seen = "1";
      settle(next);
      next.addEventListener("load", () => settle(next));
      regain(held, next);
      done();
    }, { once: true });
    frame.parentElement.append(next);
  });

  const refresh = async () => {
    const slow = setTimeout(() => say("Reloading…"), 200);
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    version = page.documentElement.dataset.version || version;
    const put = (wanted) => {
      const [from, to] = [one(wanted, page), one(wanted)];
      if (from && to && from.outerHTML !== to.dataset.was) {
        const active = document.activeElement;
        if (to.contains(active) && active.matches("input,select")) return;
        to.replaceWith(from);
      }
    };
    const [oldSheets, newSheets] = [frames(), all("#sheets iframe", page)];
    put("#broken");
    if (one(".issue", page) && one(".issue") && oldSheets.length &&
        oldSheets.length === newSheets.length) {
      const focus = one(".mark.now");
      const name = focus && focus.dataset.line;
      const opened = all("#margin details[open]").map((each) => each.dataset.code);
      ["#head", "#outline", "#margin", "#blocks", "#foot"].forEach(put);
      all("#margin details").forEach((each) => { each.open = opened.includes(each.dataset.code); });
      const text = one("#text-sheet", page);
      if (text && one("#text-sheet")) one("#text-sheet").replaceWith(text);
      await Promise.all(oldSheets.map((frame, at) => renew(frame, newSheets[at].getAttribute("src"))));
      const again = name && one(`.mark[data-line="${name}"]`);
      if (again) { again.classList.add("now"); tint(again); }
      aside();
    } else if (!one("form.send,form[method=post] input:focus") && !one("#mailing")) {
      const [left, height] = [scrollX, scrollY];
      one("#main").replaceWith(one("#main", page));
      scrollTo(left, height);
      begin();
    }
    clearTimeout(slow);
    root.dataset.reloaded = version;
    shown = Date.now();
    tell();
  };

  let shown = 0;
  const tell = () => {
    if (!shown) return;
    const seconds = Math.round((Date.now() - shown) / 1000);
    const words = seconds < 60 ? "Reloaded just now" : `Reloaded ${Math.round(seconds / 60)} min ago`;
    say(words);
  };

  const follow = async () => {
    let away = false;
    for (;;) {
      try {
        const answer = await fetch(`/live?since=${version}`);
        if (!answer.ok) throw new Error(String(answer.status));
        const news = await answer.json();
        if (away || String(news.version) !== String(version)) {
          away = false;
          version = String(news.version);
          await refresh();
        }
      } catch {
        away = true;
        say("The desk is not running. Start `letterpress preview` again; this page goes on by itself.");
        await new Promise((later) => setTimeout(later, 1000));
      }
    }
  };

  // ---- what is asked aside ----

  const aside = async () => {
    const foot = one("#recipients");
    if (foot) {
      const path = foot.dataset.count;
      fetch(path).then((answer) => answer.json()).then((count) => {
        const now = one("#recipients");
        if (now) now.textContent = count.words;
      }).catch(() => {});
    }
    const issue = one(".issue:not(.static)");
    if (!issue) return;
    sayChecked();
    const found = one("#aside-findings");
    fetch(`/spam/${issue.dataset.path}${location.search}`).then((answer) => answer.json()).then(({ verdict }) => {
      if (!verdict || !found) return;
      const line = document.createElement("p");
      line.textContent = `${verdict.code}: ${verdict.what}`;
      line.className = "soft";
      found.append(line);
      place();
    }).catch(() => {});
  };

  // What the last check said; the margin is made anew with the marks that it left.
  let checked = "";
  const sayChecked = () => { const line = one("#checked"); if (line) line.textContent = checked; };

  const checkLinks = async (button) => {
    button.disabled = true;
    button.textContent = "Checking the links…";
    const issue = one(".issue");
    try {
      const answer = await fetch(`/links/${issue.dataset.path}${location.search}`, {
        method: "POST", body: new URLSearchParams({ token: root.dataset.token }),
      });
      const { asked, dead, why } = await answer.json();
      checked = why || (!asked ? "No item has a link." : !dead ? `All ${asked} links answer.` :
        `${dead} of ${asked} links do not answer: see the marks.`);
      sayChecked();
      say(checked);
    } catch { /* the desk says that it is gone */ }
    const now = one("#check-links");
    if (now) { now.disabled = false; now.textContent = "Check the links"; }
    place();
  };

  // A form that was sent off is not overtaken by a reload, which would take it back.
  let leaving = false;
  addEventListener("submit", () => { leaving = true; });
  addEventListener("pageshow", () => { leaving = false; });

  const mailing = async () => {
    const page = one("#mailing");
    if (!page) return;
    let said = page.dataset.state;
    for (;;) {
      await new Promise((later) => setTimeout(later, 1000));
      try {
        const answer = await fetch(page.dataset.progress);
        const now = await answer.json();
        if (!now.html) continue;
        one("#progress").innerHTML = now.html;
        // The buttons are those of the state that the page was made in.
        if (said !== now.state) say(now.said);
        said = now.state;
        const typing = document.activeElement && document.activeElement.matches("input");
        if (now.state !== page.dataset.state && !typing && !leaving) return location.reload();
      } catch { say("The desk is not running."); }
    }
  };

  const census = () => {
    if (one("[data-again]")) setTimeout(refresh, 600);
  };

  // ---- keys ----

  const press = (wanted) => { const node = one(wanted); if (node) node.click(); return Boolean(node); };

  const rows = (by) => {
    const links = all(".row-link");
    if (!links.length) return false;
    const now = links.indexOf(document.activeElement);
    links[Math.max(0, Math.min(links.length - 1, now + by))].focus();
    return true;
  };

  let section = -1;
  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || one("#keys").open) return;
    const field = event.target.closest && event.target.closest("input,select,textarea");
    if (field) { if (event.key === "Escape") field.blur(); return; }
    const issue = one(".issue");
    const sections = all(".outline a").length;
    const actions = {
      "?": () => one("#keys").showModal(),
      Escape: leaveMarks,
      n: () => step(1),
      p: () => step(-1),
      e: () => press(".mark.now .place[href]"),
      j: () => issue ? toSection(section = Math.min(sections - 1, section + 1)) : rows(1),
      k: () => issue ? toSection(section = Math.max(0, section - 1)) : rows(-1),
      a: () => press("#next"),
      t: () => press("#test"),
      g: () => all("details.numbers").forEach((each) => { each.open = !each.open; }),
      u: () => { location.href = here() ? "../index.html" : "/"; },
      "/": () => { const field = one(".search input"); if (field) field.focus(); },
    };
    const act = actions[event.key];
    if (act) { event.preventDefault(); act(); return; }
    const link = all("[data-key]").find((each) => each.dataset.key === event.key);
    if (link) { event.preventDefault(); link.click(); }
  }

  // ---- the beginning ----

  const begin = () => { watchFrames(); place(); measure(); aside(); census(); };

  document.addEventListener("keydown", keys);
  document.addEventListener("click", (event) => {
    // In a narrow window the mark lies over the sheet, until it is touched.
    const mark = event.target.closest(".mark.now");
    if (mark && !event.target.closest("a") && !matchMedia("(min-width:62rem)").matches) leaveMarks();
    const target = event.target.closest("[data-keys],[data-mark],[data-section],#check-links,#next");
    if (!target) return;
    if (target.matches("[data-keys]")) one("#keys").showModal();
    else if (target.matches("#check-links")) checkLinks(target);
    else if (target.matches("[data-mark]")) {
      const mark = one(`#mark-${target.dataset.mark}`);
      if (mark) { event.preventDefault(); focusMark(mark); }
    } else if (target.matches("[data-section]")) {
      section = Number(target.dataset.section);
      if (toSection(section)) event.preventDefault();
    } else if (target.getAttribute("href") === "#first-error") {
      const mark = one(".mark.error");
      if (mark) { event.preventDefault(); focusMark(mark); }
    }
  });
  const reader = one("#as");
  if (reader) reader.addEventListener("change", () => reader.form.submit());
  const measure = () => {
    const foot = one("#foot");
    if (foot) root.style.setProperty("--foot", `${foot.offsetHeight}px`);
  };
  addEventListener("resize", () => { frames().forEach(fit); place(); measure(); });
  const keep = one("#keep");
  if (keep && one(".issue:not(.static)")) keep.href = `/raw/${one(".issue").dataset.path}${location.search}`;

  begin();
  if (!here() && root.dataset.token) { follow(); mailing(); }
})();
