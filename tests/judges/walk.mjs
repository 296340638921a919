// The walk itself: walk.mjs SERVER MAILDIR PICTURES PAGES
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [server, maildir, pictures, pages] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext({ acceptDownloads: true });
const page = await context.newPage();
page.setDefaultTimeout(15000);

let count = 0;
const findings = [];
const outside = [];
page.on("request", (request) => {
  const url = request.url();
  if (!url.startsWith(server) && !url.startsWith("data:") && !url.startsWith("about:")) outside.push(url);
});
page.on("console", (message) => {
  if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) findings.push(`console: ${message.text()}`);
});
let last = null;
page.on("response", (response) => {
  if (response.request().isNavigationRequest()) last = response;
});

// Looks at the page in every light and width, and keeps what it is made of.
async function look(name, status = 200) {
  count += 1;
  const place = `${String(count).padStart(2, "0")}-${name}`;
  if (last.status() !== status) throw new Error(`${place}: status ${last.status()}`);
  fs.writeFileSync(path.join(pages, `page-${place}.html`), await last.text());
  await views(place, page);
}

// A mail has no landmarks: it stands in a page of the mail program.
const OF_PAGES = ["landmark-one-main", "region"];
async function views(place, page, rules = {}) {
  for (const [width, height] of [[1200, 800], [375, 700]]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe);
      const { violations } = await page.evaluate((rules) => window.axe.run(document, { rules }), rules);
      for (const one of violations) {
        const nodes = one.nodes.map((node) => node.target.join(" ")).join(", ");
        findings.push(`${place} ${width} ${colorScheme}: ${one.id}: ${one.help} (${nodes})`);
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      if (wide) findings.push(`${place} ${width}: scrolls sideways`);
      await page.screenshot({ path: path.join(pictures, `${place}-${width}-${colorScheme}.png`) });
    }
  }
  await page.setViewportSize({ width: 1200, height: 800 });
  await page.emulateMedia({ colorScheme: "light" });
}

const title = async () => (await page.locator("h1").innerText()).trim();
async function expect(words) {
  const found = await title();
  if (found !== words) throw new Error(`"${found}" in place of "${words}"`);
}
const press = async (words) => {
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: words, exact: true }).click()]);
};

// The newest mail to an address whose text has these words.
const seen = new Set();
async function mail(to, words) {
  for (let tries = 0; tries < 300; tries += 1) {
    const folder = path.join(maildir, "new");
    const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
    for (const name of names.filter((one) => !seen.has(one))) {
      const raw = fs.readFileSync(path.join(folder, name), "utf8").replace(/\r\n/g, "\n");
      const subject = /^Subject: (.*(?:\n .*)*)/m.exec(raw)[1].replace(/\n /g, " ");
      if (!new RegExp(`^To: <?${to}>?$`, "m").test(raw) || !subject.includes(words)) continue;
      seen.add(name);
      if (!/^Auto-Submitted: auto-generated$/m.test(raw)) throw new Error("no Auto-Submitted");
      return parts(raw);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`no mail to ${to}: ${words}`);
}

function parts(raw) {
  const boundary = /boundary="([^"]+)"/.exec(raw)[1];
  const decode = (part) => {
    const [head, ...rest] = part.split("\n\n");
    const body = rest.join("\n\n");
    if (/base64/.test(head)) return Buffer.from(body, "base64").toString();
    if (!/quoted-printable/.test(head)) return body;
    const bytes = body.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
    return Buffer.from(bytes, "latin1").toString();
  };
  const [, text, html] = raw.split(`--${boundary}`);
  return { text: decode(text.replace(/^\n/, "")), html: decode(html.replace(/^\n/, "")) };
}

const link = (text, place) => {
  const found = new RegExp(`${server}${place}/[A-Za-z0-9_-]+`).exec(text);
  if (!found) throw new Error(`no link to ${place} in: ${text}`);
  return found[0];
};
async function show(name, letter) {
  fs.writeFileSync(path.join(pages, `mail-${name}.html`), letter.html);
  // A page of its own: what the server lets its pages load is not a mail's.
  const window = await context.newPage();
  await window.setContent(letter.html);
  const rules = Object.fromEntries(OF_PAGES.map((rule) => [rule, { enabled: false }]));
  await views(`mail-${name}`, window, rules);
  await window.close();
}

// Subscribe from the archive's front page.
await page.goto(server);
await look("index");
await page.getByLabel("Mail address").fill("walker@example.com");
await press("Subscribe");
await expect("Subscribe to The Proof Sheet");
await look("once-more");
await page.waitForTimeout(1700);
await press("Subscribe");
await expect("Look into your mailbox");
await look("asked");
const asked = await mail("walker@example.com", "Please confirm");
await page.goto(link(asked.text, "confirm"));
await look("confirm");
await press("Confirm");
await expect("You are subscribed");
await look("confirmed");
await show("confirm", asked);
await page.goto(link(asked.text, "confirm"));
await expect("You are subscribed");

// Read.
const welcome = await mail("walker@example.com", "Welcome to");
await show("welcome", welcome);
const issue = new RegExp(`${server}issues/[^\\s]+`).exec(welcome.text)[0];
await page.goto(issue);
await look("issue");
await page.goto(`${server}feeds/`);
await look("feeds");
await mail("walker@example.com", "");

// Prefer.
await page.goto(link(welcome.text, "preferences"));
await look("preferences");
await page.getByLabel("Pause:").selectOption({ index: 2 });
await page.getByLabel("Tools").uncheck();
await page.getByLabel("Language:").selectOption("zh");
await press("Save");
await look("saved-zh");
if (await page.getByLabel("Tools").isChecked()) throw new Error("a section that was left out is back");
await page.getByLabel("Tools").check();
await page.getByLabel("暂停：").selectOption({ index: 0 });
await page.getByLabel("语言：").selectOption("en");
await press("保存");
await expect("Saved");
await look("saved");

// See and move.
await press("Send me the link");
await expect("The link is on its way");
await look("account-sent");
const account = await mail("walker@example.com", "Your data at");
await show("account", account);
const own = link(account.text, "account");
await page.goto(own);
await look("account");
const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save my data" }).click()]);
const data = JSON.parse(fs.readFileSync(await download.path(), "utf8"));
if (data.address !== "walker@example.com" || data.status !== "confirmed") throw new Error("what is kept is not all");
await page.goto(own);
await press("Erase me");
await expect("Erase everything?");
await look("erase");
await page.getByRole("link", { name: "Keep everything" }).click();
await page.getByLabel("New mail address").fill("walker@example.org");
await press("Change my address");
await expect("One more step");
await look("change");
const move = await mail("walker@example.org", "Your new address");
await page.goto(link(move.text, "confirm"));
await look("move");
await press("Confirm");
await expect("Your address is changed");
await look("moved");
await page.goto(own);
await look("account-of-before", 404);

// Leave, take it back, leave, come back.
const out = link(welcome.text, "unsubscribe");
await page.goto(out);
await look("unsubscribe");
await press("Unsubscribe");
await expect("You have left");
await look("left");
await press("Stay subscribed");
await expect("You are still subscribed");
await look("stayed");
await page.goto(out);
await press("Unsubscribe");
await page.goto(`${server}subscribe`);
await look("subscribe");
await page.getByLabel("Mail address").fill("walker@example.org");
await page.waitForTimeout(1700);
await press("Subscribe");
const again = await mail("walker@example.org", "Please confirm");
await page.goto(link(again.text, "confirm"));
await press("Confirm");
await expect("You are subscribed");

// What is wrong.
await page.goto(`${server}confirm/nonsense`);
await look("no-token", 404);
await page.goto(`${server}no/such/page`);
await look("missing", 404);
await page.goto(`${server}subscribe?lang=zh`);
await look("subscribe-zh");

await browser.close();
if (outside.length) findings.push(`asked elsewhere: ${outside.join(", ")}`);
for (const finding of findings) console.error(finding);
console.log(`${count} pages looked at, ${findings.length} findings`);
process.exit(findings.length ? 1 : 0);
