// The modules that the resolver knows: the stand-ins' services, the forum's few pages,
// and whatever the plugin has in the folders that Discourse looks into.
const found = {
  ...import.meta.glob("../shims/discourse/services/*.js", { eager: true }),
  ...import.meta.glob("../shims/discourse/float-kit/services/*.js", {
    eager: true,
  }),
  ...import.meta.glob("./{routes,templates,controllers}/**/*.{js,gjs}", {
    eager: true,
  }),
  ...import.meta.glob(
    "../../../assets/javascripts/discourse/{routes,templates,controllers,services}/**/*.{js,gjs}",
    { eager: true }
  ),
  ...import.meta.glob(
    "../../../admin/assets/javascripts/discourse/{routes,templates,controllers,services}/**/*.{js,gjs}",
    { eager: true }
  ),
};

const PLACES =
  /^.*?(?:shims\/discourse\/float-kit\/|shims\/discourse\/|assets\/javascripts\/discourse\/|^\.\/)/;

export const modules = Object.fromEntries(
  Object.entries(found).map(([file, module]) => [
    `discourse/${file.replace(PLACES, "").replace(/\.g?js$/, "")}`,
    module,
  ])
);

export const routeMaps = Object.values(
  import.meta.glob(
    [
      "../../../assets/javascripts/discourse/*-route-map.js",
      "../../../admin/assets/javascripts/discourse/*-route-map.js",
    ],
    { eager: true, import: "default" }
  )
);

export const initializers = Object.values(
  import.meta.glob(
    "../../../assets/javascripts/discourse/initializers/*.{js,gjs}",
    { eager: true, import: "default" }
  )
);

const connectors = import.meta.glob(
  "../../../assets/javascripts/discourse/connectors/*/*.gjs",
  { eager: true, import: "default" }
);

export function eachConnector(callback) {
  for (const [file, component] of Object.entries(connectors)) {
    callback(file.split("/").at(-2), component);
  }
}
