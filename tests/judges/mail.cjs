// Draws mails in one chromium and asks axe: node mail.cjs FOLDER PICTURES.
// FOLDER holds NAME.html; nothing is fetched, images are drawn here.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const zlib = require("zlib");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [folder, pictures] = process.argv.slice(2);
const NOTHING = "https://nothing.test/";

// A grey PNG wider than any mail, as images are that nobody scaled.
function image(width, height) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length);
    body.copy(out, 4);
    out.writeUInt32BE(zlib.crc32 ? zlib.crc32(body) : crc32(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const rows = Buffer.alloc((width + 1) * height, 0xc0);
  for (let row = 0; row < height; row++) rows[row * (width + 1)] = 0;
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", zlib.deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const PICTURE = image(1200, 700);
const faults = [];

// How a mail is looked at.
const VIEWS = [
  // What axe looks at besides colours is the same in the dark.
  { name: "600-light", width: 600, axe: true },
  { name: "600-dark", width: 600, dark: true, axe: true },
  { name: "375-light", width: 375 },
  { name: "375-dark", width: 375, dark: true },
  { name: "600-without-images", width: 600, images: false },
  // As Gmail and some programs on phones do it: without the style sheets and what
  // the mail says of colour schemes, all colours turned.
  { name: "375-inverted", width: 375, styles: false, inverted: true },
  { name: "600-without-styles", width: 600, styles: false, picture: false },
];

function withoutStyles(html) {
  return html
    .replace(/<style[^>]*>[^]*?<\/style>/g, "")
    .replace(/<meta name="(supported-)?color-schemes?"[^>]*>/g, "");
}

// What makes the mail wider than the window, by its element and first words: that
// without which it is not.
function wide() {
  const root = document.documentElement;
  const spills = () => root.scrollWidth > root.clientWidth;
  if (!spills()) return [];
  const leaves = [...document.querySelectorAll("body *")].filter((one) => one.children.length < 3);
  for (const one of leaves) {
    const before = one.style.display;
    one.style.display = "none";
    const fits = !spills();
    one.style.display = before;
    if (fits) return [`<${one.tagName.toLowerCase()}> ${one.outerHTML.slice(0, 100)}`];
  }
  return ["several elements"];
}

async function look(context, name, html, view) {
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await page.setViewportSize({ width: view.width, height: 900 });
  await page.emulateMedia({ colorScheme: view.dark ? "dark" : "light" });
  if (view.inverted) await client.send("Emulation.setAutoDarkModeOverride", { enabled: true });
  await page.route("**/*", (route) => {
    const request = route.request();
    if (request.url() === NOTHING) {
      const body = view.styles === false ? withoutStyles(html) : html;
      return route.fulfill({ body, contentType: "text/html; charset=utf-8" });
    }
    if (request.resourceType() !== "image") {
      faults.push(`${name} (${view.name}): fetches ${request.url().slice(0, 80)}`);
    }
    return view.images === false || request.resourceType() !== "image"
      ? route.abort()
      : route.fulfill({ body: PICTURE, contentType: "image/png" });
  });
  await page.goto(NOTHING, { waitUntil: "load" });
  for (const one of await page.evaluate(wide)) {
    faults.push(`${name} (${view.name}): wider than the window: ${one}`);
  }
  if (view.axe) {
    await page.evaluate(axe);
    const found = await page.evaluate((colours) => {
      const options = { resultTypes: ["violations"] };
      if (colours) options.runOnly = ["color-contrast", "link-in-text-block"];
      return window.axe.run(document, options).then((result) =>
        result.violations.map((one) => [one.impact, one.id, one.nodes.length, one.nodes[0].html])
      );
    }, view.dark === true);
    for (const [impact, id, count, where] of found) {
      if (impact === "serious" || impact === "critical") {
        faults.push(`${name} (${view.name}): axe: ${id}, ${count} times: ${where.slice(0, 120)}`);
      }
    }
  }
  if (view.picture !== false) {
    const file = path.join(pictures, `${name}-${view.name}.png`);
    // Past 16384 pixels the picture would begin anew.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: view.width, height: Math.min(height, 16000) });
    await page.screenshot({ path: file });
  }
  await page.close();
}

async function main() {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "mail-profile-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const names = fs.readdirSync(folder).filter((one) => one.endsWith(".html")).sort();
  if (names.length === 0) throw new Error("no mails");
  const todo = names.flatMap((file) => {
    const html = fs.readFileSync(path.join(folder, file), "utf8");
    return VIEWS.map((view) => [path.basename(file, ".html"), html, view]);
  });
  const worker = async () => {
    for (let next = todo.shift(); next; next = todo.shift()) await look(context, ...next);
  };
  await Promise.all([worker(), worker()]);
  await context.close();
  fs.rmSync(profile, { recursive: true, force: true });
  for (const fault of faults.sort()) console.error(fault);
  if (faults.length) {
    console.error(`error: ${faults.length} faults in the pictures of mails`);
    process.exit(1);
  }
  console.log(`chromium and axe: ${names.length} mails in ${VIEWS.length} views; pictures in ${pictures}`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
