// What the page does beyond being read: tables sort, charts tell their values at once, light and dark switch, commands are copied.
"use strict";
(() => {
	const all = (selector, from = document) => [...from.querySelectorAll(selector)];
	const live = document.getElementById("live");
	const say = text => { live.textContent = text; };

	// Tables: by what a cell is worth (data-v), or says; a second time the other way round. Equal rows keep their order.
	const worth = (row, column) => {
		const cell = row.cells[column];
		return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
	};
	const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
		: typeof a === typeof b ? a.localeCompare(b, "en", { numeric: true })
		: typeof a === "number" ? 1 : -1;
	const sort = (table, head) => {
		const numbers = head.classList.contains("n");
		const now = head.getAttribute("aria-sort");
		const way = now ? (now === "ascending" ? "descending" : "ascending") : numbers ? "descending" : "ascending";
		const sign = way === "ascending" ? 1 : -1;
		const body = table.tBodies[0];
		const rows = [...body.rows].map(row => [worth(row, head.cellIndex), row]);
		rows.sort((a, b) => sign * compare(a[0], b[0]));
		body.append(...rows.map(pair => pair[1]));
		all("thead th", table).forEach(other => other.removeAttribute("aria-sort"));
		head.setAttribute("aria-sort", way);
		say(`Sorted by ${head.textContent}, ${way}`);
	};
	for (const table of all("table")) {
		if (table.tBodies[0].rows.length < 2)
			continue;
		for (const head of table.tHead.rows[0].cells) {
			const button = document.createElement("button");
			button.type = "button";
			button.textContent = head.textContent;
			button.addEventListener("click", () => sort(table, head));
			head.replaceChildren(button);
		}
	}

	// Charts: the titles of the strips become one box that follows the pointer, or the arrow keys.
	const box = document.createElement("div");
	box.className = "tip";
	box.hidden = true;
	document.body.append(box);
	let here = null;
	const show = (strip, x, y) => {
		if (here !== strip) {
			if (here)
				here.classList.remove("here");
			here = strip;
			if (strip) {
				strip.classList.add("here");
				box.textContent = strip.dataset.tip;
			}
			box.hidden = !strip;
		}
		if (!strip)
			return;
		const size = box.getBoundingClientRect();
		box.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - size.width - 4))}px`;
		box.style.top = `${y + 18 + size.height > innerHeight ? Math.max(4, y - size.height - 12) : y + 18}px`;
	};
	const step = (strips, by) => {
		const at = strips.indexOf(here);
		const strip = strips[at < 0 ? (by > 0 ? 0 : strips.length - 1) : Math.max(0, Math.min(strips.length - 1, at + by))];
		const place = strip.getBoundingClientRect();
		show(strip, place.right, place.top);
		say(strip.dataset.tip);
	};
	for (const svg of all(".chart svg")) {
		const strips = [];
		for (const title of all("rect > title", svg)) {
			title.parentNode.dataset.tip = title.textContent;
			strips.push(title.parentNode);
			title.remove();
		}
		if (!strips.length)
			continue;
		svg.tabIndex = 0;
		svg.addEventListener("pointermove", event => show(event.target.dataset.tip ? event.target : null, event.clientX, event.clientY));
		svg.addEventListener("pointerleave", () => show(null));
		svg.addEventListener("blur", () => show(null));
		svg.addEventListener("keydown", event => {
			const by = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -strips.length, End: strips.length }[event.key];
			if (event.key === "Escape")
				show(null);
			if (!by)
				return;
			event.preventDefault();
			step(strips, by);
		});
	}
	addEventListener("scroll", () => show(null), { passive: true });

	// Light, dark, or what the system prefers.
	const theme = document.querySelector(".theme");
	const choose = chosen => {
		if (chosen.value)
			document.documentElement.dataset.theme = chosen.value;
		else
			delete document.documentElement.dataset.theme;
		all("button", theme).forEach(button => button.setAttribute("aria-pressed", String(button === chosen)));
	};
	theme.hidden = false;
	all("button", theme).forEach(button => button.addEventListener("click", () => choose(button)));

	for (const pre of all(".command pre")) {
		const button = document.createElement("button");
		button.type = "button";
		button.textContent = "Copy";
		button.setAttribute("aria-label", `Copy: ${pre.textContent}`);
		button.addEventListener("click", () => {
			const selection = getSelection();
			selection.selectAllChildren(pre);
			const copied = document.execCommand("copy");
			say(copied ? "Copied" : "Selected: copy it with the keyboard");
			button.textContent = copied ? "Copied" : "Selected";
		});
		pre.after(button);
	}

	// On paper everything is open.
	addEventListener("beforeprint", () => all("details:not([open])").forEach(part => { part.dataset.shut = ""; part.open = true; }));
	addEventListener("afterprint", () => all("details[data-shut]").forEach(part => { part.open = false; delete part.dataset.shut; }));
})();
