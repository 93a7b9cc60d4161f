# frozen_string_literal: true

# Who tips which post, and what holds for the endpoints of tips.
RSpec.shared_context "with somebody who tips" do
  include_context "with a Fiber Link server"

  fab!(:current_user, :user)
  fab!(:target_post, :post)
  fab!(:moderator)

  let(:key) { "window-of-this-spec-1" }
  let(:invoice) { "fibt1#{SecureRandom.hex(210)}" }
  let(:fields) do
    {
      post_id: target_post.id,
      asset: "CKB",
      amount: "12.5",
      message: " Thanks! ",
      idempotency_key: key,
    }
  end

  before do
    server.on("asset.list") { wire_assets }
    server.on("tip.create") do |params|
      {
        tipId: "tip-of-#{params["idempotencyKey"]}",
        invoice: invoice,
        paymentHash: "0x00",
        expiresAt: wire_time(10.minutes.from_now),
      }
    end
  end

  def create(overrides = {})
    post "/fiber-link/tips.json", params: fields.merge(overrides).compact
  end

  def json = response.parsed_body

  def expect_refused(reason, field: nil)
    expect(response.status).to eq(422)
    expect(response).to match_fiber_link_schema("error")
    expect(json["error_type"]).to eq("fiber_link_refused")
    expect(json["extras"]["reason"]).to eq(reason)
    expect(json["extras"]["fields"].map { |issue| issue["field"] }).to eq([field]) if field
  end

  def expect_unavailable
    expect(response.status).to eq(503)
    expect(json).to eq(
      "errors" => [I18n.t("fiber_link.unavailable")],
      "error_type" => "fiber_link_unavailable",
    )
  end
end

RSpec.shared_examples "an endpoint of a tip" do |request|
  it "is hidden while the plugin is off" do
    SiteSetting.fiber_link_enabled = false
    sign_in(current_user)
    instance_exec(&request)
    expect(response.status).to eq(404)
    expect(json["error_type"]).to eq("not_found")
  end

  it "needs a login" do
    instance_exec(&request)
    expect(response.status).to eq(403)
    expect(json["error_type"]).to eq("not_logged_in")
  end

  it "is limited" do
    RateLimiter.enable
    sign_in(current_user)
    61.times do
      instance_exec(&request)
      break if response.status == 429
    end
    expect(response.status).to eq(429)
    expect(response).to match_fiber_link_schema("error")
    expect(json["extras"]["wait_seconds"]).to be_positive
    expect(response.headers["Retry-After"]).to be_present
  end
end

RSpec.shared_examples "an endpoint of a post" do |request|
  it "does not tell of a post that one may not see" do
    sign_in(current_user)
    group = Fabricate(:group)
    category = Fabricate(:private_category, group: group)
    restricted = Fabricate(:post, topic: Fabricate(:topic, category: category))
    message = Fabricate(:post, topic: Fabricate(:private_message_topic))
    deleted = Fabricate(:post, deleted_at: 1.day.ago)
    hidden = [restricted, message, deleted, Fabricate(:whisper)].map(&:id)
    [*hidden, 999_999].each do |id|
      instance_exec(id, &request)
      expect(response.status).to eq(404)
    end
    group.add(current_user)
    instance_exec(restricted.id, &request)
    expect(response.status).to eq(200)
  end

  it "takes nothing for a post that is none" do
    sign_in(current_user)
    ["", "x", "-1", "1.5", "99999999999999999999", "1 OR 1=1", %w[1 2]].each do |id|
      instance_exec(id, &request)
      expect(response.status).to eq(400)
    end
  end
end

RSpec.shared_examples "an endpoint of a post to tip" do |request|
  before { sign_in(current_user) }

  it "refuses one's own post" do
    instance_exec(Fabricate(:post, user: current_user).id, &request)
    expect_refused("own_post")
  end

  it "refuses posts of excluded categories and their subcategories" do
    SiteSetting.max_category_nesting = 3
    category = Fabricate(:category)
    child = Fabricate(:category, parent_category: category)
    grandchild = Fabricate(:category, parent_category: child)
    SiteSetting.fiber_link_excluded_categories = category.id.to_s
    [category, child, grandchild].each do |one|
      topic = Fabricate(:topic, category: one)
      instance_exec(Fabricate(:post, topic: topic).id, &request)
      expect_refused("not_tippable")
    end
  end

  it "refuses posts of excluded groups" do
    group = Fabricate(:group)
    group.add(target_post.user)
    SiteSetting.fiber_link_excluded_groups = group.id.to_s
    instance_exec(target_post.id, &request)
    expect_refused("not_tippable")
  end

  it "refuses posts of people who take no tips" do
    FiberLink::Preferences.change(target_post.user, accepts_tips: false)
    instance_exec(target_post.id, &request)
    expect_refused("not_tippable")
  end

  it "refuses posts whose author is gone, is no person, or that say what moderators did" do
    bot = Fabricate(:user, id: -5)
    [
      Fabricate(:post).tap { |post| post.update_columns(user_id: nil) },
      Fabricate(:post, user: bot),
      Fabricate(:post, post_type: Post.types[:small_action]),
      Fabricate(:post, user_deleted: true),
    ].each do |untippable|
      instance_exec(untippable.id, &request)
      expect_refused("not_tippable")
    end
  end

  it "refuses whispers, hidden and deleted posts to staff, who see them" do
    sign_in(moderator)
    [Fabricate(:whisper), Fabricate(:post, hidden: true)].each do |unseen|
      instance_exec(unseen.id, &request)
      expect_refused("not_tippable")
    end
    instance_exec(Fabricate(:post, deleted_at: 1.hour.ago).id, &request)
    expect(response.status).to eq(404)
  end

  it "is for members of the groups that may tip" do
    group = Fabricate(:group)
    SiteSetting.fiber_link_tip_groups = group.id.to_s
    instance_exec(target_post.id, &request)
    expect(response.status).to eq(403)
    expect(json["error_type"]).to eq("invalid_access")
    group.add(current_user)
    instance_exec(target_post.id, &request)
    expect(response.status).to eq(200)
  end

  it "is not for people who are silenced" do
    current_user.update!(silenced_till: 1.day.from_now)
    instance_exec(target_post.id, &request)
    expect(response.status).to eq(403)
  end

  it "says that nothing was lost when the server does not answer" do
    SiteSetting.fiber_link_service_url = "http://127.0.0.1:1"
    instance_exec(target_post.id, &request)
    expect_unavailable
  end

  it "says the same when the plugin is not set up" do
    SiteSetting.remove_override!(:fiber_link_app_secret)
    instance_exec(target_post.id, &request)
    expect_unavailable
  end
end
