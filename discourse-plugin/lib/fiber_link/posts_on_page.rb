# frozen_string_literal: true

module FiberLink
  # What the serialized posts of one page say about tips, asked for once for all of them.
  class PostsOnPage
    # The posts are asked for when the first of them is serialized.
    def initialize(scope, topic:, &posts)
      @scope = scope
      @topic = topic
      @posts = posts
    end

    def offered?(post)
      @policy ||= TipPolicy.new(@scope.user, posts, topic: @topic)
      @policy.offered?(post)
    end

    def tips(post)
      @tips ||= PostTips.new(posts.map(&:id), scope: @scope)
      @tips.of(post.id)
    end

    private

    def posts
      @loaded ||= @posts.call.to_a
    end
  end
end
