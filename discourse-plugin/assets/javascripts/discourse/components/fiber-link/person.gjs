import DUserLink from "discourse/ui-kit/d-user-link";
import dAvatar from "discourse/ui-kit/helpers/d-avatar";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";

/** @type {any} Discourse declares nothing about the attributes it takes. */
const UserLink = DUserLink;

// A user by picture and name; without a user, somebody.
/** @type {import("@ember/component/template-only").TOC<{ Element: HTMLSpanElement, Args: { user: any } }>} */
const FiberLinkPerson = <template>
  <span class="fiber-link-person" ...attributes>
    {{#if @user}}
      <UserLink
        @ariaHidden={{true}}
        @user={{@user}}
        class="fiber-link-person__picture"
      >{{dAvatar @user imageSize="small"}}</UserLink>
      <UserLink
        @user={{@user}}
        class="fiber-link-person__name"
      >{{@user.username}}</UserLink>
    {{else}}
      <span class="fiber-link-person__picture --somebody">{{dIcon
          "user-secret"
        }}</span>
      <span class="fiber-link-person__name --somebody">{{i18n
          "fiber_link.wallet.somebody"
        }}</span>
    {{/if}}
  </span>
</template>;

export default FiberLinkPerson;
