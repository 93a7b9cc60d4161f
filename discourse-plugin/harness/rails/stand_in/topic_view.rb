# frozen_string_literal: true

class TopicView
  class << self
    def on_preload(&block) = preloads << block
    def preload(view) = preloads.each { |block| block.call(view) }
    def preloads = (@preloads ||= [])
  end

  attr_reader :topic, :posts, :guardian

  def initialize(topic_id, user = nil, _options = {})
    @guardian = Guardian.new(user)
    @topic = Topic.with_deleted.find_by(id: topic_id) || raise(Discourse::NotFound)
    raise Discourse::InvalidAccess unless @guardian.can_see?(@topic)
    scope = Post.includes(:user)
    scope = scope.with_deleted if user&.staff?
    @posts =
      scope
        .where(topic_id: @topic.id, post_type: Topic.visible_post_types(user))
        .order(:post_number)
    TopicView.preload(self)
  end
end
