# frozen_string_literal: true

# The events of Discourse's workflows on users, in their order.
class UserDestroyer
  def initialize(actor) = (@actor = actor)

  def destroy(user, opts = {})
    user.posts.each { |post| PostDestroyer.new(@actor, post).destroy } if opts[:delete_posts]
    Post.with_deleted.where(user_id: user.id).update_all(user_id: nil)
    Notification.where(user_id: user.id).delete_all
    UserCustomField.where(user_id: user.id).delete_all
    user.group_users.delete_all
    user.destroy!
  end
end

class UserAnonymizer
  def self.make_anonymous(user, actor = nil, opts = {}) = new(user, actor, opts).make_anonymous

  def initialize(user, actor = nil, opts = {})
    @user = user
    @actor = actor
    @opts = opts
  end

  def make_anonymous
    @user.update!(username: "anon#{SecureRandom.random_number(10**8)}", name: nil)
    DiscourseEvent.trigger(:user_anonymized, user: @user, opts: @opts)
    @user
  end
end

class UserMerger
  def initialize(source, target, actor = nil)
    @source = source
    @target = target
    @actor = actor
  end

  def merge!
    Post.with_deleted.where(user_id: @source.id).update_all(user_id: @target.id)
    Notification.where(user_id: @source.id).update_all(user_id: @target.id)
    DiscourseEvent.trigger(:merging_users, @source, @target)
    UserCustomField.where(user_id: @source.id).delete_all
    @source.group_users.delete_all
    @source.reload.destroy!
    @target.reload
  end
end
