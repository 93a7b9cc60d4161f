# frozen_string_literal: true

RSpec.shared_context "with a leaderboard" do
  fab!(:viewer, :user)
  fab!(:author) { Fabricate(:user) }
  fab!(:reader) { Fabricate(:user) }

  before do
    SiteSetting.fiber_link_enabled = true
    SiteSetting.fiber_link_assets = "CKB|RUSD"
  end

  def request(params = {})
    get "/fiber-link/leaderboard.json", params: params
  end

  def board
    response.parsed_body
  end

  def agree(*users)
    users.each { |user| FiberLink::Preferences.change(user, on_leaderboard: true) }
  end

  def tip(amount = "10", post: nil, **attributes)
    post ||= Fabricate(:post, user: author)
    Fabricate(:fiber_link_tip, post: post, user: reader, amount: BigDecimal(amount), **attributes)
  end

  def people(list)
    board[list].map { |row| [row["rank"], row["user"]["id"], row["amount"], row["count"]] }
  end

  def topics
    board["topics"].map { |row| row["topic"]["id"] }
  end
end
