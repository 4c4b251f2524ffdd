/* The scripts of every page. Each part finds its elements by data attributes, so fragments from htmx just work. */
import htmx from "htmx.org";
import "./toast.js";
import "./dialog.js";
import "./menu.js";
import "./palette.js";
import "./player.js";
import "./upload.js";
import "./theme.js";
import "./stream.js";
import "./kanban.js";
import "./forms.js";

window.htmx = htmx;
