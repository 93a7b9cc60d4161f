# frozen_string_literal: true

# The events of Discourse's workflows on posts, in their order.
class PostDestroyer
  def initialize(user, post, opts = {})
    @user = user
    @post = post
    @opts = opts
  end

  def destroy
    @opts[:force_destroy] ? @post.destroy! : @post.trash!(@user)
    DiscourseEvent.trigger(:post_destroyed, @post, @opts, @user)
  end

  def recover
    @post.recover!
    DiscourseEvent.trigger(:post_recovered, @post, @opts, @user)
  end
end

# Moves posts to another topic; the first post of a topic stays, and a copy of it moves.
class PostMover
  def initialize(topic, _user, post_ids)
    @topic = topic
    @post_ids = post_ids
  end

  def to_topic(id)
    destination = Topic.find(id)
    Post.where(topic_id: @topic.id, id: @post_ids).order(:post_number).each do |post|
      moved = post.is_first_post? ? copy(post, destination) : move(post, destination)
      DiscourseEvent.trigger(:post_moved, moved, @topic.id, post)
    end
    destination
  end

  private

  def next_number(topic)
    Post.with_deleted.where(topic_id: topic.id).maximum(:post_number).to_i + 1
  end

  def move(post, destination)
    post.update!(topic_id: destination.id, post_number: next_number(destination))
    post.reload
  end

  def copy(post, destination)
    attributes = post.attributes.except("id", "topic_id", "post_number")
    Post.create!(attributes.merge(topic_id: destination.id, post_number: next_number(destination)))
  end
end

class Topic
  def move_posts(user, post_ids, destination_topic_id:)
    PostMover.new(self, user, post_ids).to_topic(destination_topic_id)
  end
end
