import Component from "@glimmer/component";
import { userPath } from "discourse/lib/url";
import { i18n } from "discourse-i18n";

export default class DUserLink extends Component {
  get username() {
    return this.args.user?.username ?? this.args.username;
  }

  get href() {
    return userPath(encodeURIComponent(this.username.toLowerCase()));
  }

  get ariaLabel() {
    return i18n("user.profile_of", { username: this.username });
  }

  <template>
    <a
      href={{this.href}}
      aria-label={{this.ariaLabel}}
      data-user-card={{this.username}}
      ...attributes
    >{{yield}}</a>
  </template>
}
