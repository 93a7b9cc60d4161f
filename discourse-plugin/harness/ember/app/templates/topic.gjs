import DUserLink from "discourse/ui-kit/d-user-link";
import dAvatar from "discourse/ui-kit/helpers/d-avatar";
import dFormatDate from "discourse/ui-kit/helpers/d-format-date";
import PostMenu from "../components/post-menu";
import TopicBody from "../components/topic-body";

export default <template>
  <h1 class="topic-title">{{@model.title}}</h1>
  <div class="post-stream">
    {{#each @model.postStream.posts key="id" as |post|}}
      <article
        id="post_{{post.post_number}}"
        class="topic-post"
        data-post-id={{post.id}}
      >
        <div class="topic-meta-data">
          <DUserLink @user={{post}} class="topic-post__author">
            {{dAvatar post imageSize="medium"}}
            {{post.username}}
          </DUserLink>
          {{#if post.created_at}}{{dFormatDate post.created_at}}{{/if}}
        </div>
        <TopicBody @cooked={{post.cooked}} />
        <PostMenu @post={{post}} />
      </article>
    {{/each}}
  </div>
</template>
