-- New films go to SpineScan; what comes from there does not go back.
local films = { CR = true, DX = true, RF = true, RG = true, OT = true }

function OnStoredInstance(instanceId, tags, metadata, origin)
  local ours = tags['Manufacturer'] == 'SpineScan' or origin['RemoteAet'] == 'SPINESCAN'
  if films[tags['Modality']] and not ours then
    SendToModality(instanceId, 'spinescan')
  end
end
