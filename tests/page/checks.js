// What the page of mmanalyze report --html must be, asked of the page itself in a browser (browser.c runs this).
// SPDX-License-Identifier: GPL-2.0-or-later
"use strict";

const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const middle = element => {
	const box = element.getBoundingClientRect();
	return [box.x + box.width / 2, box.y + box.height / 2];
};
const seen = element => element.checkVisibility() && element.getClientRects().length > 0;
const named = element => element.closest("[id]")?.id + ": " + element.textContent.trim().slice(0, 50);

let count = 0;
const check = (good, text) => {
	count++;
	return good ? [] : [{ wrong: text }];
};

// What a screen reader and a keyboard need, as far as the document says it.
function* structure() {
	yield* check(document.documentElement.lang === "en", "no language");
	yield* check(/\S/.test(document.title), "no title");
	for (const landmark of ["header", "nav[aria-label]", "main", "footer"])
		yield* check(all(landmark).length === 1, `not one ${landmark}`);
	yield* check(all("h1").length === 1, "not one h1");
	let level = 0;
	for (const heading of all("h1, h2, h3, h4, h5, h6").filter(seen)) {
		const next = Number(heading.localName[1]);
		yield* check(next <= level + 1, `h${level} is followed by h${next}: ${heading.textContent}`);
		level = next;
	}
	const ids = all("[id]").map(element => element.id);
	yield* check(new Set(ids).size === ids.length, "an id occurs twice");
	for (const link of all("a[href]"))
		yield* check(document.getElementById(link.getAttribute("href").slice(1)), `dead link ${link.href}`);
	for (const attribute of ["aria-labelledby", "aria-describedby"])
		for (const element of all(`[${attribute}]`))
			yield* check(document.getElementById(element.getAttribute(attribute)), `dead ${attribute} ${element.getAttribute(attribute)}`);
	for (const table of all("table")) {
		const name = table.caption?.textContent ?? "a table";
		yield* check(/\S/.test(table.caption?.textContent ?? ""), "a table without a caption");
		yield* check(all("thead th", table).every(head => head.scope === "col"), `${name}: heads without scope`);
		yield* check([...table.tBodies[0].rows].every(row => row.cells.length === table.tHead.rows[0].cells.length), `${name}: rows of different length`);
		yield* check([...table.tBodies[0].rows].every(row => row.cells[0].scope === "row"), `${name}: a row without a head`);
	}
	for (const svg of all("main svg")) {
		yield* check(svg.getAttribute("role") === "img", "a chart that is no image");
		yield* check(svg.querySelector(":scope > title")?.textContent, "a chart without a title");
		yield* check(svg.querySelector(":scope > desc")?.textContent, "a chart without a description");
	}
	yield* check(all("[src], link, iframe, object, embed, base").length === 0, "something that is loaded");
	yield* check(!all("*").some(element => [...element.attributes].some(attribute => /^on/i.test(attribute.name))), "an inline handler");
	yield* check(all("script").length === 1, "not one script");
}

// Nothing wider than the window, no text cut off, each chart once and with a size.
function* layout(width) {
	yield* check(document.documentElement.scrollWidth <= innerWidth, `${width}: the page is ${document.documentElement.scrollWidth} wide`);
	for (const article of all(".chart")) {
		const shown = all("svg", article).filter(seen);
		yield* check(shown.length === 1, `${width}: ${article.getAttribute("aria-labelledby")}: ${shown.length} pictures`);
		for (const svg of shown) {
			const box = svg.getBoundingClientRect();
			const texts = all("text", svg).map(text => text.getBoundingClientRect());
			yield* check(box.width > 200 && box.height > 100, `${width}: a chart of ${box.width}x${box.height}`);
			yield* check(texts.length > 0 && texts.every(text => text.height > 0), `${width}: a chart without texts`);
			yield* check(all("rect, polygon, polyline, image", svg).some(part => part.getBoundingClientRect().height > 5), `${width}: an empty chart`);
		}
	}
	for (const text of all("h1, h2, h3, p, li, dd, summary, caption span").filter(seen)) {
		const box = text.getBoundingClientRect();
		yield* check(box.left >= -1 && box.right <= innerWidth + 1, `${width}: leaves the window: ${named(text)}`);
	}
}

// WCAG: 4.5 to 1 for text, of what is on the screen in the colours that are in force.
const rgb = colour => {
	const canvas = rgb.canvas ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
	canvas.clearRect(0, 0, 1, 1);
	canvas.fillStyle = colour;
	canvas.fillRect(0, 0, 1, 1);
	return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = ([red, green, blue]) => {
	const [r, g, b] = [red, green, blue].map(value => value / 255).map(value => value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4);
	return .2126 * r + .7152 * g + .0722 * b;
};
const contrast = (one, other) => {
	const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
	return (high + .05) / (low + .05);
};
const ground = element => {
	for (let at = element; at; at = at.parentElement) {
		const colour = rgb(getComputedStyle(at).backgroundColor);
		if (colour[3] > 250)
			return colour;
	}
	return [255, 255, 255];
};
function* colours(what) {
	const known = new Set();
	for (const element of all("body *").filter(seen)) {
		if (element.closest("svg") && element.localName !== "text" || ![...element.childNodes].some(node => node.nodeType === 3 && /\S/.test(node.data)))
			continue;
		const style = getComputedStyle(element);
		const ink = rgb(element.localName === "text" ? style.fill : style.color);
		const paper = element.localName === "text" ? rgb(getComputedStyle(element.ownerSVGElement.querySelector("rect")).fill) : ground(element);
		const key = `${ink} on ${paper}`;
		if (known.has(key))
			continue;
		known.add(key);
		yield* check(contrast(ink, paper) >= 4.5, `${what}: ${contrast(ink, paper).toFixed(1)} to 1: ${key}: ${named(element)}`);
	}
	yield* check(known.size > 2, `${what}: no colours`);
}

const column = (table, index) => [...table.tBodies[0].rows].map(row => row.cells[index].dataset.v ? Number(row.cells[index].dataset.v) : row.cells[index].textContent);
const falls = values => values.every((value, i) => !i || value <= values[i - 1]);
const rises = values => values.every((value, i) => !i || value >= values[i - 1]);

// Tables are sorted by a click and by keys, and say so.
async function* sorting() {
	const table = all("table").filter(seen).find(table => table.tBodies[0].rows.length > 2 && !table.tHead.rows[0].cells[0].classList.contains("n"));
	if (!table)
		return;
	const heads = [...table.tHead.rows[0].cells];
	const numbers = heads.findIndex(head => head.classList.contains("n"));
	const button = heads[numbers].querySelector("button");
	const rows = new Set(table.tBodies[0].rows);
	yield* check(numbers > 0 && button, "a table that cannot be sorted");
	button.scrollIntoView({ block: "center" });
	await settled();
	yield { click: middle(button) };
	yield* check(heads[numbers].getAttribute("aria-sort") === "descending" && falls(column(table, numbers)), "a click does not sort numbers, the largest first");
	yield { click: middle(button) };
	yield* check(heads[numbers].getAttribute("aria-sort") === "ascending" && rises(column(table, numbers)), "a second click does not sort the other way");
	heads[0].querySelector("button").focus();
	yield { key: "Enter" };
	yield* check(heads[0].getAttribute("aria-sort") === "ascending" && !heads[numbers].hasAttribute("aria-sort"), "Enter does not sort by the first column");
	const first = column(table, 0);
	yield* check(first.every((value, i) => !i || String(first[i - 1]).localeCompare(String(value), "en", { numeric: true }) <= 0), "names are not in order");
	yield { key: " " };
	yield* check(heads[0].getAttribute("aria-sort") === "descending", "the space bar does not sort");
	yield* check(new Set(table.tBodies[0].rows).size === rows.size && [...table.tBodies[0].rows].every(row => rows.has(row)), "sorting loses rows");
	yield* check(/descending/.test(document.getElementById("live").textContent), "sorting is not announced");
}

// Everything that can be used is reached by Tab, in order, and shows that it has the focus.
async function* keyboard() {
	document.activeElement.blur();
	scrollTo(0, 0);
	const reached = [];
	for (let i = 0; i < 30; i++) {
		yield { key: "Tab" };
		const now = document.activeElement;
		if (now === document.body)
			break;
		reached.push(now);
		const style = getComputedStyle(now);
		yield* check(now.matches(":focus-visible") && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, `the focus is not seen: ${named(now)}`);
	}
	yield* check(reached[0]?.classList.contains("skip"), "Tab does not begin with the link to the report");
	yield* check(reached.length > 5, "Tab reaches too little");
	yield* check(reached.every((now, i) => !i || reached[i - 1].compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING), "Tab jumps");
}

// What was scrolled has been drawn, and its scroll event, which hides a tip, is over: however long a frame takes on a busy machine.
const settled = () => new Promise(done => {
	requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
	setTimeout(done, 10000);
});

// A chart tells its values under the pointer and under the arrow keys.
async function* tips() {
	const box = document.querySelector(".tip");
	for (const svg of all(".chart svg").filter(seen)) {
		const strip = svg.querySelector("[data-tip]");
		if (!strip)
			continue;
		strip.scrollIntoView({ block: "center", inline: "center" });
		await settled();
		yield* check(document.elementFromPoint(...middle(strip)) === strip, `${svg.getAttribute("aria-labelledby")}: something lies over its first value`);
		yield { move: middle(strip) };
		yield* check(!box.hidden && /\S/.test(box.textContent), `${svg.getAttribute("aria-labelledby")}: nothing under the pointer`);
		const told = box.getBoundingClientRect();
		yield* check(told.left >= 0 && told.right <= innerWidth && told.top >= 0 && told.bottom <= innerHeight, "what is under the pointer leaves the window");
		yield { move: [2, 2] };
		yield* check(box.hidden, "what was under the pointer stays");
		svg.focus({ preventScroll: true });
		await settled();
		yield { key: "ArrowRight" };
		yield { key: "ArrowRight" };
		yield* check(!box.hidden && box.textContent === document.getElementById("live").textContent, "nothing under the arrow keys");
		yield { key: "Escape" };
		yield* check(box.hidden, "Escape does not end it");
		svg.blur();
	}
}

const paper = () => luminance(rgb(getComputedStyle(document.body).backgroundColor));
const chartPaper = () => all(".chart svg rect:first-of-type").filter(seen).map(rect => luminance(rgb(getComputedStyle(rect).fill)));
const agree = dark => (dark ? paper() < .1 : paper() > .9) && chartPaper().every(value => dark ? value < .1 : value > .9);

async function* themes() {
	const [auto, light, dark] = all(".theme button");
	yield* check(seen(auto) && auto.getAttribute("aria-pressed") === "true", "no switch of colours");
	scrollTo(0, 0);
	yield { wait: 60 };
	yield { media: { dark: true } };
	yield* check(agree(true), "the system's dark is not followed");
	yield* colours("dark");
	yield { click: middle(light) };
	yield* check(agree(false) && light.getAttribute("aria-pressed") === "true", "Light does not make it light");
	yield { media: { dark: false } };
	yield { click: middle(dark) };
	yield* check(agree(true) && getComputedStyle(document.documentElement).getPropertyValue("--dark").trim() === "1", "Dark does not make it dark");
	yield { media: { dark: false, print: true } };
	yield* check(agree(false), "printed dark");
	yield* check(all("nav, .theme, .command button").every(part => !seen(part)), "buttons are printed");
	yield { media: { dark: false } };
	yield { click: middle(auto) };
	yield* check(agree(false), "Auto does not lead back");
	yield* colours("light");
}

// What was never meant to be anything but text has stayed text.
function* hostile() {
	yield* check(globalThis.owned === undefined, "a name ran as a script");
	yield* check(!all("main *").some(element => ["SCRIPT", "IMG", "IFRAME", "B1"].includes(element.tagName)), "a name became an element");
	yield* check(!/\p{Cc}|�/u.test(document.body.textContent.replace(/[\n\t]/g, "")), "bytes that are no text");
}

async function* reader() {
	const tree = yield { tree: true };
	const of = role => tree.filter(node => node.role === role);
	yield* check(of("banner").length === 1 && of("main").length === 1 && of("contentinfo").length === 1, "not one banner, main and contentinfo");
	const pictures = of("image").filter(node => node.name);
	yield* check(pictures.length === all(".chart").filter(seen).length, `${pictures.length} pictures with a name`);
	yield* check(pictures.every(node => node.description), "a picture without a description");
	yield* check(of("button").every(node => node.name) && of("table").every(node => node.name), "a button or table without a name");
	yield* check(of("columnheader").length > 0 || !all("table").some(seen), "no column heads");
}

async function* everything() {
	yield { window: [1200, 900] };
	yield { media: { dark: false } };
	yield* structure();
	yield* hostile();
	for (const width of [320, 400, 759, 760, 1024, 1600]) {
		yield { window: [width, 900] };
		yield { wait: 60 };
		yield* layout(width);
	}
	yield { window: [1200, 900] };
	yield { wait: 60 };
	yield* colours("as loaded");
	if (!scripted) {
		yield* check(all("button").every(button => !seen(button)), "a button that does nothing");
		yield* check(all("table").some(seen), "no tables without a script");
		yield* check(all("rect > title").length > 0 || !all(".chart svg").length, "no values under the pointer without a script");
		yield { checked: count };
		return;
	}
	yield* reader();
	yield* keyboard();
	yield* sorting();
	yield* tips();
	yield* themes();
	yield { window: [400, 800] };
	yield { wait: 60 };
	yield* tips();
	for (const [name, width, dark] of globalThis.shots ?? []) {
		yield { window: [width, 900] };
		yield { media: { dark } };
		scrollTo(0, 0);
		yield { wait: 60 };
		yield { window: [width, Math.min(document.documentElement.scrollHeight, 9000)] };
		yield { wait: 60 };
		yield { shot: name };
	}
	yield { checked: count };
}

globalThis.checks = everything();
