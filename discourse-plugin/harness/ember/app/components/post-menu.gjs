import Component from "@glimmer/component";
import { cached } from "@glimmer/tracking";
import { hash } from "@ember/helper";
import { getOwner } from "@ember/owner";
import { service } from "@ember/service";
import PluginOutlet from "discourse/components/plugin-outlet";
import DAG from "discourse/lib/dag";
import DButton from "discourse/ui-kit/d-button";
import dConcatClass from "discourse/ui-kit/helpers/d-concat-class";
import { i18n } from "discourse-i18n";
import { transformed } from "../../state/plugin-registry";

const KEYS = { LIKE: "like", SHOW_MORE: "showMore", REPLY: "reply" };

const Like = <template>
  <DButton @icon="heart" @title="post.like" class="btn-flat" ...attributes />
</template>;

const ShowMore = <template>
  <DButton @icon="ellipsis" @title="post.more" class="btn-flat" ...attributes />
</template>;

const Reply = <template>
  <DButton
    @icon="arrow-right"
    @label="post.reply"
    class="btn-flat"
    ...attributes
  />
</template>;

function className(key) {
  return dConcatClass("post-action-menu__button", `post-action-menu__${key}`);
}

export default class PostMenu extends Component {
  @service currentUser;
  @service router;

  buttonActions = { showLogin: () => this.router.transitionTo("login") };

  get state() {
    return { currentUser: this.currentUser, collapsed: true };
  }

  @cached
  get buttons() {
    const dag = DAG.from([
      [KEYS.LIKE, Like],
      [KEYS.SHOW_MORE, ShowMore],
      [KEYS.REPLY, Reply],
    ]);
    const { post } = this.args;
    const context = { buttonKeys: KEYS, post, state: this.state };
    return transformed("post-menu-buttons", dag, context)
      .resolve()
      .map(({ key, value }) => ({ key, value }));
  }

  get visibleButtons() {
    const { state } = this;
    const args = { post: this.args.post, state };
    return this.buttons.filter(
      ({ value }) => value.shouldRender?.(args, null, getOwner(this)) ?? true
    );
  }

  <template>
    <section class="post__menu-area post-menu-area clearfix">
      <PluginOutlet
        @name="post-menu"
        @outletArgs={{hash post=@post state=this.state}}
      >
        <nav
          class="post-controls"
          aria-label={{i18n "post.controls" number=@post.post_number}}
        >
          <div class="actions">
            {{#each this.visibleButtons key="key" as |button|}}
              <button.value
                class={{className button.key}}
                @post={{@post}}
                @state={{this.state}}
                @showLabel={{false}}
                @buttonActions={{this.buttonActions}}
              />
            {{/each}}
          </div>
        </nav>
      </PluginOutlet>
    </section>
  </template>
}
