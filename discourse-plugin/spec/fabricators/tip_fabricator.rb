# frozen_string_literal: true

# A settled tip for a post; `state: "open"` and so on for another.
Fabricator(:fiber_link_tip, from: "FiberLink::Tip") do
  tip_id { SecureRandom.uuid }
  post { Fabricate(:post) }
  topic { |attributes| attributes[:post]&.topic }
  user { Fabricate(:user) }
  payee { |attributes| attributes[:post]&.user }
  asset "CKB"
  amount { BigDecimal("10") }
  state "settled"
  invoice { "fibt1#{SecureRandom.hex(20)}" }
  expires_at { 10.minutes.from_now }
  settled_at { |attributes| attributes[:state] == "settled" ? Time.zone.now : nil }
end
