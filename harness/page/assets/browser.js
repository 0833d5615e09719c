// What a report page does where scripts run: interactive plots, the attention viewer, pictures to look into, the theme.
// The page is whole without it. Its data stand in the element #data.

const { plots, heat, attention } = JSON.parse(document.getElementById("data").textContent);
const symbols = ["circle", "square", "diamond", "cross", "triangle-up", "x"];
const dashes = ["solid", "dash", "dot", "dashdot"];
const paletteSize = 7;

/** An element with properties and children. */
function element(name, properties = {}, children = []) {
	const made = Object.assign(document.createElement(name), properties);
	made.append(...children);
	return made;
}

// ---- Theme -------------------------------------------------------------------------------------------------------

const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

function isDark() {
	return root.dataset.theme === undefined ? dark.matches : root.dataset.theme === "dark";
}

const toggle = element("button", { type: "button" });

function nameToggle() {
	toggle.textContent = isDark() ? "Light" : "Dark";
	toggle.setAttribute("aria-label", isDark() ? "Use the light theme" : "Use the dark theme");
}

toggle.addEventListener("click", () => {
	root.dataset.theme = isDark() ? "light" : "dark";
	nameToggle();
	redraw();
});
dark.addEventListener("change", () => {
	nameToggle();
	redraw();
});
nameToggle();
document.querySelector("nav ul")?.append(element("li", { className: "theme" }, [toggle]));

// ---- Plots -------------------------------------------------------------------------------------------------------

function colour(name) {
	return getComputedStyle(root).getPropertyValue(name).trim();
}

/** Plotly reads a little HTML in names; ours are text. */
function plain(text) {
	return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function trace(kind, { name, colour: place, line, points }) {
	const shade = colour(`--series-${(place % paletteSize) + 1}`);
	const isLine = kind === "lines" || (kind === "points" && points.length === 2);
	const made = {
		type: "scatter",
		mode: isLine ? "lines" : "markers",
		name: plain(name),
		x: points.map(({ x }) => x),
		y: points.map(({ y }) => y),
		text: points.map((point) => plain(point.name)),
		hovertemplate:
			kind === "intervals" ? "%{text}<br>%{customdata}<extra></extra>" : "%{text}<br>%{x}: %{y}<extra></extra>",
		line: { color: shade, width: 1.6, dash: dashes[line % dashes.length] },
		marker: { color: shade, size: kind === "points" ? 4 : 9, symbol: symbols[line % symbols.length] },
	};
	if (kind !== "intervals") return made;
	const short = (value) => Number(value.toPrecision(4));
	return {
		...made,
		customdata: points.map(({ y, low, high }) =>
			low === undefined ? `${short(y)}` : `${short(y)} [${short(low)}, ${short(high)}]`,
		),
		error_y: {
			type: "data",
			symmetric: false,
			array: points.map(({ y, high = y }) => Math.max(0, high - y)),
			arrayminus: points.map(({ y, low = y }) => Math.max(0, y - low)),
			color: shade,
			thickness: 1.6,
			width: 3,
		},
	};
}

function layout({ kind, x, y, places }) {
	const axis = { gridcolor: colour("--rule"), zerolinecolor: colour("--rule"), linecolor: colour("--quiet") };
	const named = places === undefined ? {} : { tickvals: places.map((_, index) => index), ticktext: places.map(plain) };
	const range = places === undefined ? {} : { range: [-0.6, places.length - 0.4] };
	return {
		height: 300,
		margin: { l: 56, r: 12, t: 8, b: 44 },
		paper_bgcolor: "rgba(0,0,0,0)",
		plot_bgcolor: "rgba(0,0,0,0)",
		font: { color: colour("--ink"), size: 12, family: getComputedStyle(document.body).fontFamily },
		hoverlabel: { bgcolor: colour("--raised"), bordercolor: colour("--rule"), font: { color: colour("--ink") } },
		showlegend: false,
		hovermode: "closest",
		xaxis: {
			...axis,
			...named,
			...range,
			title: { text: plain(x) },
			showgrid: kind !== "intervals",
			zeroline: false,
			automargin: true,
		},
		yaxis: { ...axis, title: { text: plain(y) }, zeroline: kind === "intervals", automargin: true },
	};
}

const drawn = new Map();

function draw(figure) {
	const spec = plots[Number(figure.dataset.plot)];
	const place = drawn.get(figure) ?? element("div");
	if (!drawn.has(figure)) {
		figure.querySelector(".drawing").replaceChildren(place);
		drawn.set(figure, place);
	}
	const traces = spec.series.map((series) => trace(spec.kind, series));
	const options = { responsive: true, displayModeBar: false, doubleClick: "reset" };
	globalThis.Plotly.react(place, traces, layout(spec), options).then(() => {
		figure.dataset.drawn = "";
	});
}

function redraw() {
	for (const figure of drawn.keys()) draw(figure);
}

const seen = new IntersectionObserver(
	(entries) => {
		for (const { isIntersecting, target } of entries) {
			if (!isIntersecting) continue;
			seen.unobserve(target);
			draw(target);
		}
	},
	{ rootMargin: "400px" },
);
for (const figure of document.querySelectorAll("[data-plot]")) seen.observe(figure);

// ---- Attention ---------------------------------------------------------------------------------------------------

const decoded = new Map();

/** The pixels of a PNG in base64. */
function pixelsOf(base64) {
	if (!decoded.has(base64)) {
		decoded.set(
			base64,
			(async () => {
				const image = new Image();
				image.src = `data:image/png;base64,${base64}`;
				await image.decode();
				const canvas = element("canvas", { width: image.naturalWidth, height: image.naturalHeight });
				const context = canvas.getContext("2d", { willReadFrequently: true });
				context.drawImage(image, 0, 0);
				return context.getImageData(0, 0, canvas.width, canvas.height);
			})(),
		);
	}
	return decoded.get(base64);
}

/** The picture in grey, coloured by the map; `strength` 0 shows the picture itself. */
function lay(picture, map, strength) {
	const { width, height } = picture;
	const laid = new ImageData(width, height);
	for (let y = 0; y < height; y += 1) {
		const row = Math.floor((y * map.height) / height);
		for (let x = 0; x < width; x += 1) {
			const at = 4 * (y * width + x);
			const weight = map.data[4 * (row * map.width + Math.floor((x * map.width) / width))];
			const over = heat[Math.round((weight / 255) * (heat.length - 1))];
			const [red, green, blue] = picture.data.subarray(at, at + 3);
			const grey = 0.299 * red + 0.587 * green + 0.114 * blue;
			for (let channel = 0; channel < 3; channel += 1) {
				const under = strength === 0 ? picture.data[at + channel] : grey;
				laid.data[at + channel] = (1 - strength) * under + strength * over[channel];
			}
			laid.data[at + 3] = 255;
		}
	}
	return laid;
}

/** A slider with its name and what it stands at. */
function slider(name, most, value, onMove) {
	const input = element("input", { type: "range", min: "0", max: String(most), value: String(value), step: "1" });
	const said = element("output");
	const label = element("label", {}, [element("span", { textContent: name }), input, said]);
	input.addEventListener("input", onMove);
	return { input, said, label, at: () => Number(input.value) };
}

function viewer(article) {
	const { system, pictures, maps } = attention[Number(article.dataset.viewer)];
	const layers = [...new Set(maps.map(({ layer }) => layer))];
	const queries = [...new Set(maps.flatMap(({ query }) => (query === undefined ? [] : [query])))];
	const canvas = element("canvas");
	canvas.setAttribute("role", "img");
	let turn = 0;
	const show = () => void update();
	const picture = slider("Picture", pictures.length - 1, 0, show);
	const layer = slider("Map", layers.length - 1, 0, show);
	const query = slider("Query", Math.max(0, queries.length - 1), Math.floor(queries.length / 2), show);
	const strength = slider("Overlay", 100, 65, show);
	const scale = element("canvas", { width: heat.length, height: 1 });
	const context = scale.getContext("2d");
	for (const [index, [red, green, blue]] of heat.entries()) {
		context.fillStyle = `rgb(${red} ${green} ${blue})`;
		context.fillRect(index, 0, 1, 1);
	}
	scale.setAttribute("aria-hidden", "true");
	const highest = element("span");
	const used = [
		...(pictures.length > 1 ? [picture] : []),
		...(layers.length > 1 ? [layer] : []),
		...(queries.length > 1 ? [query] : []),
		strength,
	];
	const controls = element("div", { className: "controls" }, [
		...used.map(({ label }) => label),
		element("div", { className: "colours" }, [element("span", { textContent: "0" }), scale, highest]),
	]);
	article.querySelector(".stills").replaceWith(element("div", { className: "panes" }, [canvas, controls]));

	async function update() {
		turn += 1;
		const mine = turn;
		const name = layers[layer.at()];
		const own = maps.filter((map) => map.layer === name);
		const asked = queries[query.at()];
		const map = own.find((one) => one.query === asked) ?? own[0];
		const [base, weights] = await Promise.all([pixelsOf(pictures[picture.at()]), pixelsOf(map.values[picture.at()])]);
		if (mine !== turn) return;
		const share = strength.at() / 100;
		// Small pictures are enlarged by whole steps, so that the mark of the query is a thin one.
		const factor = Math.max(1, Math.ceil(256 / base.width));
		canvas.width = base.width * factor;
		canvas.height = base.height * factor;
		const bitmap = await createImageBitmap(lay(base, weights, share));
		if (mine !== turn) return;
		const paint = canvas.getContext("2d");
		paint.imageSmoothingEnabled = false;
		paint.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
		if (map.query !== undefined) {
			paint.fillStyle = "#00e5ff";
			const y = Math.round(map.query * canvas.height);
			for (const x of [0, canvas.width - 12]) paint.fillRect(x, y - 1, 12, 3);
		}
		picture.said.textContent = `${picture.at() + 1} of ${pictures.length}`;
		layer.said.textContent = `${name} (${layer.at() + 1} of ${layers.length})`;
		query.said.textContent = map.query === undefined ? "the same for all" : `at ${Math.round(100 * map.query)} %`;
		strength.said.textContent = `${strength.at()} %`;
		for (const { input, said } of used) input.setAttribute("aria-valuetext", said.textContent);
		highest.textContent = String(Number(map.highest[picture.at()].toPrecision(3)));
		canvas.setAttribute("aria-label", `${system}: ${map.name}, over picture ${picture.at() + 1}`);
		article.dataset.shown = `${picture.at()} ${layer.at()} ${query.at()} ${strength.at()}`;
	}
	show();
}
for (const article of document.querySelectorAll("[data-viewer]")) viewer(article);

// ---- Pictures ----------------------------------------------------------------------------------------------------

const large = element("img", { alt: "", className: "enlarged" });
const ground = element("div", { className: "ground", tabIndex: 0 }, [large]);
ground.setAttribute("role", "region");
ground.setAttribute("aria-label", "Picture, scrolls by the arrow keys");
const caption = element("p");
const zoom = { now: 1 };
const shownZoom = element("output");

function zoomTo(factor) {
	const [x, y] = [ground.scrollLeft + ground.clientWidth / 2, ground.scrollTop + ground.clientHeight / 2];
	const before = zoom.now;
	zoom.now = Math.min(16, Math.max(0.05, factor));
	large.style.width = `${large.naturalWidth * zoom.now}px`;
	large.classList.toggle("magnified", zoom.now > 1);
	shownZoom.textContent = `${Math.round(100 * zoom.now)} %`;
	ground.scrollTo((x * zoom.now) / before - ground.clientWidth / 2, (y * zoom.now) / before - ground.clientHeight / 2);
}

const fitWindow = () =>
	zoomTo(Math.min(ground.clientWidth / large.naturalWidth, ground.clientHeight / large.naturalHeight));

function barButton(text, name, onClick) {
	const button = element("button", { type: "button", textContent: text });
	button.setAttribute("aria-label", name);
	button.addEventListener("click", onClick);
	return button;
}
const bar = element("div", { className: "tools" }, [
	caption,
	barButton("−", "Smaller", () => zoomTo(zoom.now / 1.5)),
	shownZoom,
	barButton("+", "Larger", () => zoomTo(zoom.now * 1.5)),
	barButton("Fit", "Fit to the window", fitWindow),
	barButton("Close", "Close the picture", () => dialog.close()),
]);
const dialog = element("dialog", {}, [bar, ground]);
dialog.setAttribute("aria-label", "Picture");
dialog.addEventListener("keydown", ({ key }) => {
	if (key === "+" || key === "=") zoomTo(zoom.now * 1.5);
	if (key === "-") zoomTo(zoom.now / 1.5);
	if (key === "0") fitWindow();
});
document.body.append(dialog);

for (const image of document.querySelectorAll(".picture img")) {
	const button = element("button", { type: "button" });
	button.setAttribute("aria-label", `Look into: ${image.alt}`);
	image.before(button);
	button.append(image);
	button.addEventListener("click", async () => {
		large.src = image.src;
		large.alt = image.alt;
		caption.textContent = image.alt;
		await large.decode();
		dialog.showModal();
		fitWindow();
		ground.focus();
	});
}
