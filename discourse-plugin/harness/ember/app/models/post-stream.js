import { tracked } from "@glimmer/tracking";
import { registry } from "../../state/plugin-registry";

// A post of the stream. What the plugin asked for is tracked, so that the page follows it.
class Post {
  @tracked followed = {};

  constructor(attributes) {
    for (const name of registry.trackedPostProperties) {
      Object.defineProperty(this, name, {
        get: () => this.followed[name],
        set: (value) => {
          this.followed = { ...this.followed, [name]: value };
        },
        enumerable: true,
      });
    }
    Object.assign(this, attributes);
  }

  setProperties(values) {
    Object.assign(this, values);
  }
}

export default class PostStream {
  constructor(posts) {
    this.posts = posts.map((attributes) => new Post(attributes));
  }

  findLoadedPost(id) {
    return this.posts.find((post) => post.id === id);
  }
}
