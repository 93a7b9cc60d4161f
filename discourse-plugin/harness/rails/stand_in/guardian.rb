# frozen_string_literal: true

# Who may see what: deleted things and whispers are for staff, hidden posts for staff and their
# authors, restricted categories for their groups, messages for who is in them.
class Guardian
  attr_reader :user, :request

  def initialize(user = nil, request = nil)
    @user = user
    @request = request
  end

  def authenticated? = !!@user
  def anonymous? = !authenticated?
  def is_staff? = !!@user&.staff?
  def is_admin? = !!@user&.admin
  def is_me?(other) = authenticated? && other.is_a?(User) && other.id == @user.id
  def ensure_can_see!(object) = can_see?(object) || raise(Discourse::InvalidAccess)

  def can_see?(object)
    case object
    when nil then false
    when Post then can_see_post?(object)
    when Topic then can_see_topic?(object)
    when Category then can_see_category?(object)
    when User then true
    else raise "can_see? of a #{object.class}"
    end
  end

  # Administrators see a post before anybody looks at its topic.
  def can_see_post?(post)
    return true if is_admin?
    return false unless can_see_topic?(post.topic)
    return true if is_staff?
    return false if post.trashed? || post.whisper?
    !post.hidden || post.user_id == @user&.id
  end

  def can_see_topic?(topic)
    return false if topic.nil? || (topic.trashed? && !is_staff?)
    return is_staff? || topic.allowed_users.include?(@user) if topic.private_message?
    can_see_category?(topic.category)
  end

  # Of the restricted ones.
  def secure_category_ids
    Category.where(read_restricted: true).select { |one| can_see_category?(one) }.map(&:id)
  end

  def can_see_category?(category)
    return true if category.nil? || !category.read_restricted || is_admin?
    authenticated? && @user.in_any_groups?(category.group_ids)
  end
end
