// The harness's own look, then whatever the plugin registers.
import "../styles/forum.scss";

import.meta.glob("../../../assets/stylesheets/**/*.scss", { eager: true });
